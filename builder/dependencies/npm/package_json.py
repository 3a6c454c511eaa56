"""Reads package.json, and the one setting of the project's ``.npmrc`` that counts."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, cast

from builder.errors import DependencyError

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_JSON: Final = 64 << 20
_LEGACY_PEERS = re.compile(r"^\s*(?:legacy-peer-deps|force)\s*=\s*\"?true\"?\s*$", re.MULTILINE)


def read_json(file: Path) -> dict[str, object]:
    """A JSON object; empty when the file does not exist.

    Raises:
        DependencyError: The file is too large, unreadable, or not a JSON object.
    """
    if not file.is_file():
        return {}
    if file.stat().st_size > LARGEST_JSON:
        message = f"{file.name} is larger than {LARGEST_JSON >> 20} MB."
        raise DependencyError(message, hint="npm writes this file; remove what does not belong there.")
    try:
        document = json.loads(file.read_text("utf-8-sig"))
    except OSError as error:
        message = f"{file.name} cannot be read: {error.strerror}."
        raise DependencyError(message, hint="Check its permissions.") from error
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"{file.name} is not valid JSON: {error}."
        raise DependencyError(message, hint="Fix it, or run `biot-plugin lock`.") from error
    if not isinstance(document, dict):
        message = f"{file.name} must contain one JSON object."
        raise DependencyError(message, hint="Compare it with npm's documentation of the file.")
    return cast("dict[str, object]", document)


def ignores_peers(folder: Path) -> bool:
    """Whether the ``.npmrc`` beside package.json sets ``legacy-peer-deps``, or ``force``, which includes it.

    Only the repository counts: the user's own settings would make the artifact depend on the machine.
    """
    file = folder / ".npmrc"
    return file.is_file() and _LEGACY_PEERS.search(file.read_text("utf-8", "replace")) is not None

"""A plan on disk: what was shown, of which artifact, against which state of the platform. No value that may be secret.

It is a promise to hold ``publish --plan`` to, not a program: publishing plans again, and must come to the same.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Final

from builder.archive.atomic_files import atomic_file
from builder.errors import PublishError
from builder.publishing.failures import StalePlan
from builder.publishing.planning.differences import CODE_VARIABLES, VARIABLES, own_variables
from builder.publishing.planning.plan import Unchanged
from builder.publishing.planning.planner import all_lines
from builder.publishing.state_folder import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from builder.publishing.api_values import RemotePlugin, TargetEnvironment
    from builder.publishing.planning.differences import FieldChange
    from builder.publishing.planning.plan import DesiredPlugin, ReleasePlan

SCHEMA: Final = 1
_ROUNDS: Final = 50_000
_ANEW: Final = "Run `biot-plugin plan --out FILE` again, read what changes, then publish that plan."


def describe_change(change: FieldChange) -> dict[str, object]:
    """One line of a plan as JSON; values of environment variables are not in it."""
    described: dict[str, object] = {"sign": change.sign.value, "field": change.field}
    if change.hidden is None:
        described |= {"old": change.old, "new": change.new}
    return described


def plan_document(target: TargetEnvironment, desired: DesiredPlugin, release: ReleasePlan) -> dict[str, object]:
    """The plan as it goes into a file."""
    remote = release.remote if isinstance(release, Unchanged) else release.before
    salt = os.urandom(16).hex()
    return {
        "schema": SCHEMA,
        "plugin": desired.name,
        "environment": target.name,
        "baseUrl": target.base_url,
        "treeDigest": desired.code.tree_digest if desired.code is not None else None,
        "salt": salt,
        "settings": _settings_digest(desired, salt),
        "platform": _platform(remote),
        "versionFrom": remote.version if remote is not None else None,
        "versionTo": remote.version if isinstance(release, Unchanged) and remote is not None else _to(release),
        "changes": [describe_change(change) for change in all_lines(release)],
    }


def write_plan(document: Mapping[str, object], file: Path) -> None:
    """Write a plan, whole or not at all.

    Raises:
        PackagingError: It cannot be written.
    """
    with atomic_file(file.absolute()) as stream:
        stream.write(json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n")


def read_plan(file: Path) -> Mapping[str, object]:
    """A plan from a file.

    Raises:
        PublishError: It cannot be read, or is not what ``write_plan`` writes.
    """
    try:
        document = read_json(file.read_bytes())
    except OSError as error:
        msg = f"The plan {file} cannot be read: {error.strerror}."
        raise PublishError(msg, hint=_ANEW) from error
    except ValueError:
        document = None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA or not isinstance(document.get("salt"), str):
        msg = f"{file} is no plan of this version of the kit."
        raise PublishError(msg, hint=_ANEW)
    return document


def require_same_plan(
    document: Mapping[str, object], target: TargetEnvironment, desired: DesiredPlugin, release: ReleasePlan
) -> None:
    """Refuse when anything is not as it was when the plan was made.

    Raises:
        StalePlan: Names what has moved.
    """
    now = plan_document(target, desired, release)
    now |= {"settings": _settings_digest(desired, str(document["salt"]))}
    settled = isinstance(release, Unchanged)  # published already, by this very plan or another: nothing can go wrong
    for key, what in _COMPARED.items():
        if document.get(key) != now[key] and not (settled and key in {"platform", "changes"}):
            msg = f"The plan is stale: {what}. Nothing was sent."
            raise StalePlan(msg, hint=_ANEW)


_COMPARED: Final = {
    "plugin": "it is for another plugin",
    "baseUrl": "it is for another environment",
    "treeDigest": "the code is not the code that it was made for",
    "settings": "the settings in plugin.toml are not those that it was made for",
    "platform": "somebody changed the plugin on the platform since it was made",
    "changes": "it would change something else now",
}


def _to(release: ReleasePlan) -> int | None:
    return None if isinstance(release, Unchanged) else release.version_to


def _platform(remote: RemotePlugin | None) -> Mapping[str, object] | None:
    """The state of the platform; times tell changes of variables apart, whose values must not be here."""
    if remote is None:
        return None
    shown = {key: value for key, value in remote.fields.items() if key != VARIABLES}
    shown["variables"] = sorted(own_variables(remote.fields))
    shown["marks"] = {key: value for key, value in remote.environment_variables.items() if key in CODE_VARIABLES}
    text = json.dumps(shown, sort_keys=True, default=str)
    return {
        "version": remote.version,
        "created": remote.creation_time,
        "lastModified": remote.last_modified_time,
        "fields": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
    }


def _settings_digest(desired: DesiredPlugin, salt: str) -> str:
    """Of everything that is wanted, variables too; slow and salted, so that short values cannot be tried out."""
    text = json.dumps(desired.settings, sort_keys=True).encode("utf-8", "surrogatepass")
    return hashlib.pbkdf2_hmac("sha256", text, salt.encode(), _ROUNDS).hex()

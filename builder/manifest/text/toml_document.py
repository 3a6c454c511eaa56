"""plugin.toml as text -> nested Python values, refusing everything that could keep the kit busy or mislead a reader."""

from __future__ import annotations

import re

from builder.errors import ManifestError, Problem
from builder.manifest.text.characters import forbidden_lines
from builder.manifest.text.toml_tokens import DEPTH_MAX, KEY_PARTS_MAX, KEYS_MAX, excess

SIZE_MAX = 262_144
"""256 KiB; a manifest with every key and many subscriptions has about 10."""

_PLACE = r"(?s)(.*?)\s*\(at (?:line (\d+), column \d+|end of document)\)"
_EXCESS = {
    "depth": f"Brackets are nested more than {DEPTH_MAX} deep.",
    "parts": f"A dotted key or name has more than {KEY_PARTS_MAX} parts.",
    "keys": f"There are more than {KEYS_MAX} keys and entries of lists.",
}


def decode(raw: bytes, *, file: str) -> str:
    """The text of a manifest.

    Args:
        raw: Content of the file; a byte order mark at its start is left out.
        file: Its name for messages.

    Raises:
        ManifestError: It is too large or not UTF-8.
    """
    if len(raw) > SIZE_MAX:
        raise _refusal(_too_large(file))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise _refusal(
            Problem(
                file=file,
                line=line,
                message=f"The byte 0x{raw[error.start]:02X} is not UTF-8, which is the only encoding that TOML allows.",
                hint="Save the file as UTF-8 in your editor.",
            )
        ) from error


def parse_toml(text: str, *, file: str) -> dict[str, object]:
    """Read TOML within the bounds of a manifest.

    Raises:
        ManifestError: The text is too large, holds characters that nobody sees, is nested too deep, or is not TOML.
    """
    if len(text) > SIZE_MAX:
        raise _refusal(_too_large(file))
    hidden = [
        Problem(
            file=file,
            line=line,
            message=f"The line holds the invisible character {code}.",
            hint="Delete it; type the line again instead of pasting it.",
        )
        for line, code in forbidden_lines(text)
    ]
    if hidden:
        raise _refusal(*hidden)
    if token := excess(text):
        raise _refusal(
            Problem(
                file=file,
                line=token.line,
                message=_EXCESS[token.kind],
                hint="No manifest needs that many; is this the right file?",
            )
        )
    return _loads(text, file=file)


def _loads(text: str, *, file: str) -> dict[str, object]:
    import tomllib

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # ValueError also covers what int() and datetime refuse inside tomllib.
        message, line = _toml_place(str(error))
        raise _refusal(
            Problem(
                file=file,
                line=line or text.count("\n") + 1,
                message=f"This is not valid TOML: {message}.",
                hint="Text needs quotes, a key stands once per table, and every bracket and quote is closed.",
            )
        ) from error


def _toml_place(message: str) -> tuple[str, int]:
    found = re.fullmatch(_PLACE, message)
    if not found:
        return message.rstrip("."), 0
    return found[1].rstrip("."), int(found[2] or 0)


def _too_large(file: str) -> Problem:
    return Problem(
        file=file,
        message=f"The file is larger than {SIZE_MAX // 1024} KiB, the most that a manifest may have.",
        hint="Is this the right file? Put long texts into files of the plugin.",
    )


def _refusal(*problems: Problem) -> ManifestError:
    return ManifestError(f"{problems[0].file} cannot be read.", problems=problems)

"""plugin.toml as text -> nested Python values.

Refuses a text that would keep the kit busy, or that shows people something else than it contains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.errors import ManifestError, Problem, count_problems
from builder.manifest.text.characters import INVISIBLE, RETYPE, forbidden_lines
from builder.manifest.text.toml_tokens import DEPTH_MAX, KEY_PARTS_MAX, KEYS_MAX, find_excess

if TYPE_CHECKING:
    from builder.manifest.text.toml_errors import Expect

SIZE_MAX = 262_144
"""256 KiB; a manifest with every key and many subscriptions has about 10."""

_EXCESS = {
    "depth": f"Brackets are nested more than {DEPTH_MAX} levels deep.",
    "parts": f"A dotted key or table name has more than {KEY_PARTS_MAX} parts.",
    "keys": f"The file has more than {KEYS_MAX} keys and list entries.",
}
_WRONG_FILE = "Check that this is the right file."


def decode(raw: bytes, *, file: str) -> str:
    """The text of a manifest.

    Args:
        raw: Content of the file; a byte order mark at its start is dropped.
        file: Name of the file, for messages.

    Raises:
        ManifestError: The content is too large or not UTF-8.
    """
    if len(raw) > SIZE_MAX:
        raise _refusal(_too_large(file))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refusal(
            Problem(
                file=file,
                line=raw[: error.start].count(b"\n") + 1,
                message=f"Byte 0x{raw[error.start]:02X} is not valid UTF-8, and TOML must be UTF-8.",
                hint="Save the file as UTF-8 in your editor.",
                code="manifest-syntax",
            )
        ) from error


def parse_toml(text: str, *, file: str, expect: Expect | None = None) -> dict[str, object]:
    """Parse TOML within the limits of a manifest.

    Args:
        text: The text.
        file: Name of the file, for messages.
        expect: Returns what the value of a key must be, for messages about values that are not TOML.

    Raises:
        ManifestError: The text is too large, has invisible characters, is nested too deeply, or is not TOML.
    """
    if len(text) > SIZE_MAX:
        raise _refusal(_too_large(file))
    invisible = [
        Problem(
            file=file,
            line=line,
            message=f"The line contains the invisible character {code}.",
            hint=RETYPE,
            code=INVISIBLE,
        )
        for line, code in forbidden_lines(text)
    ]
    if invisible:
        raise _refusal(*invisible)
    if token := find_excess(text):
        raise _refusal(
            Problem(file=file, line=token.line, message=_EXCESS[token.kind], hint=_WRONG_FILE, code="manifest-syntax")
        )
    import tomllib

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # ValueError also covers what int() and datetime refuse inside tomllib.
        from builder.manifest.text.toml_errors import explain_toml_error

        raise _refusal(explain_toml_error(str(error), text, file=file, expect=expect)) from error


def _too_large(file: str) -> Problem:
    return Problem(
        file=file,
        message=f"The file is larger than {SIZE_MAX // 1024} KiB, the maximum.",
        hint=_WRONG_FILE,
        code="manifest-syntax",
    )


def _refusal(*problems: Problem) -> ManifestError:
    return ManifestError(f"{problems[0].file} has {count_problems(problems)}.", problems=problems)

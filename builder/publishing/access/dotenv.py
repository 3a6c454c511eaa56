"""Read ``.env`` files: in any encoding that editors write, also from a password manager's FIFO."""

from __future__ import annotations

import codecs
import os
import re
import stat
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from builder.publishing.failures import AccessDenied

if TYPE_CHECKING:
    from pathlib import Path

_MAX: Final = 64 * 1024
_OTHERS_READ: Final = stat.S_IRGRP | stat.S_IROTH
FIFO_SECONDS: Final = 20.0
"""Password managers mount ``.env`` as a FIFO, and ask for a fingerprint or a password first."""
_POLL_SECONDS: Final = 0.05
_UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, kw_only=True, slots=True)
class DotenvFile:
    """The text of a file, and a warning about it; empty when all is well."""

    text: str
    warning: str = ""


def read_dotenv_file(file: Path) -> DotenvFile:
    """The text of a ``.env`` file; bytes that are not UTF-8 become surrogates.

    Raises:
        FileNotFoundError: It does not exist.
        AccessDenied: It cannot be read, is too large, is not text, or is a FIFO without a writer.
    """
    try:
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        try:
            mode = os.fstat(descriptor).st_mode
            data = _from_fifo(descriptor, file) if stat.S_ISFIFO(mode) else _from_file(descriptor, mode, file)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror}."
        raise AccessDenied(msg, hint="Check its permissions, or remove it.") from error
    if len(data) > _MAX:
        msg = f"{file} is larger than {_MAX // 1024} KB."
        raise AccessDenied(msg, hint="Keep only variables in it.")
    return DotenvFile(text=_decode(data, file), warning=_warning(file, mode))


def parse_dotenv(text: str) -> dict[str, str]:
    """The variables of a ``.env`` file: ``NAME=value`` lines, with or without ``export`` and quotes; ``#`` comments."""
    variables: dict[str, str] = {}
    for line in text.splitlines():
        match = re.match(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$", line)
        if match is None:
            continue
        name, value = match.groups()
        quoted = re.fullmatch(r"""(["'])(.*)\1(?:\s+#.*)?""", value)
        variables[name] = quoted[2] if quoted else re.split(r"(?:^|\s)#", value, maxsplit=1)[0].rstrip()
    return variables


def _from_file(descriptor: int, mode: int, file: Path) -> bytes:
    if not stat.S_ISREG(mode):
        msg = f"{file} is neither a file nor a FIFO."
        raise AccessDenied(msg, hint="Remove it.")
    data = b""
    while len(data) <= _MAX and (piece := os.read(descriptor, _MAX + 1)):
        data += piece
    return data


def _from_fifo(descriptor: int, file: Path) -> bytes:
    """Read until the writer closes the FIFO. Before the writer opens it, every read returns nothing at once."""
    data, deadline = b"", time.monotonic() + FIFO_SECONDS
    while len(data) <= _MAX:
        try:
            piece = os.read(descriptor, _MAX + 1)
        except BlockingIOError:
            piece = None
        if piece:
            data += piece
        elif piece == b"" and data:
            break
        elif time.monotonic() > deadline:
            msg = f"{file} is a FIFO, and nothing was written to it within {FIFO_SECONDS:.0f} seconds."
            raise AccessDenied(msg, hint="Unlock the password manager that mounts it, or remove it.")
        else:
            time.sleep(_POLL_SECONDS)
    return data


def _decode(data: bytes, file: Path) -> str:
    if data.startswith(_UTF16):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            msg = f"{file} begins like UTF-16 but is not valid UTF-16."
            raise AccessDenied(msg, hint="Save the file as UTF-8.") from error
    if b"\0" in data:
        msg = f"{file} is not UTF-8 text: it contains NUL bytes, like UTF-16."
        raise AccessDenied(msg, hint="Save the file as UTF-8.")
    return data.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="surrogateescape")


def _warning(file: Path, mode: int) -> str:
    if sys.platform == "win32" or not stat.S_ISREG(mode) or not mode & _OTHERS_READ:
        return ""
    return f"{file} contains credentials that other users of this machine can read. Run `chmod 600 {file.name}`."

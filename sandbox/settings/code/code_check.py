"""Check an uploaded ZIP as Lambda would.

Our model of Lambda: a ZIP that cannot be unpacked, is too large or has no handler leads to BioT's 500 ``AWS_EXCEPTION``
with the corresponding AWS error in ``className``. The real Lambda looks for the handler only when the function is
called; here it must exist at once. A ZIP that programs read differently is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.archive.reader import read_members
from builder.errors import VerificationError
from builder.platform.limits import UNZIPPED_MAX, ZIP_MAX
from builder.platform.runtimes import RUNTIMES
from sandbox.settings.configuration_rules import INVALID_PARAMETER, aws_error

if TYPE_CHECKING:
    from pathlib import Path

_TOO_LARGE = "RequestEntityTooLargeException"
_SUFFIXES = {"python": (".py", "/__init__.py"), "nodejs": (".js", ".mjs", ".cjs")}
"""The suffixes of the files in which Lambda's runtimes look for the module of a handler."""


def read_zip_paths(file: Path, size: int) -> frozenset[str]:
    """Unpack every member once, in memory and piece by piece, and return their paths.

    Args:
        file: The upload.
        size: Its size in bytes.

    Raises:
        ApiError: 500 ``AWS_EXCEPTION``, Lambda would refuse the ZIP.
    """
    if size > ZIP_MAX:
        message = f"The ZIP has {size} bytes; Lambda allows {ZIP_MAX} for a direct upload."
        raise aws_error(_TOO_LARGE, message)
    try:
        return frozenset(member.path for member in read_members(file, limit=UNZIPPED_MAX))
    except VerificationError as error:
        reasons = " ".join(problem.message for problem in error.problems) or error.message
        raise aws_error(INVALID_PARAMETER, f"Lambda could not unzip the code. {reasons}") from error


def check_handler(paths: frozenset[str], runtime: str, handler: str) -> None:
    """Check that the file exists in which the runtime looks for the handler.

    Handlers of runtimes that the kit does not build for are not checked; Java's are classes in archives.

    Raises:
        ApiError: 500 ``AWS_EXCEPTION``.
    """
    if runtime not in RUNTIMES:
        return
    module, _, function = handler.rpartition(".")
    suffixes = _SUFFIXES[RUNTIMES[runtime].language]
    # In Python a dot may also mean a folder, in Node.js it does not.
    module_paths = [module, module.replace(".", "/")] if RUNTIMES[runtime].language == "python" else [module]
    if not function or not any(path + suffix in paths for path in module_paths for suffix in suffixes):
        expected = " or ".join(f"{module}{suffix}" for suffix in suffixes)
        message = f"The handler {handler} is not in the code: there is no {expected} at its root."
        raise aws_error(INVALID_PARAMETER, message)

"""An uploaded ZIP, held against what Lambda would do with it.

Our model of Lambda: what cannot be unpacked, is too large or has no handler is BioT's 500 ``AWS_EXCEPTION``, and
``className`` is the AWS error of that kind. The real Lambda looks for the handler only when the function is called;
here it is looked for at once, and no ZIP is taken that programs read differently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.archive.reader import read_members
from builder.errors import VerificationError
from builder.platform.limits import UNZIPPED_MAX, ZIP_MAX
from builder.platform.runtimes import RUNTIMES
from sandbox.settings.configuration_rules import aws_refusal

if TYPE_CHECKING:
    from pathlib import Path

_INVALID = "InvalidParameterValueException"
_ENDINGS = {"python": (".py", "/__init__.py"), "nodejs": (".js", ".mjs", ".cjs")}
"""In which files Lambda's runtimes look for the module of a handler."""


def read_zip_paths(file: Path, size: int) -> frozenset[str]:
    """Unpack every member once, in memory and piece by piece, and tell their paths.

    Args:
        file: The upload.
        size: Its bytes.

    Raises:
        ApiError: 500 ``AWS_EXCEPTION``, Lambda would not take it.
    """
    if size > ZIP_MAX:
        message = f"The ZIP has {size} bytes; Lambda takes {ZIP_MAX} by direct upload."
        msg = "RequestEntityTooLargeException"
        raise aws_refusal(msg, message)
    try:
        return frozenset(member.path for member in read_members(file, limit=UNZIPPED_MAX))
    except VerificationError as error:
        reasons = " ".join(problem.message for problem in error.problems) or error.message
        raise aws_refusal(_INVALID, f"Lambda could not unzip the code. {reasons}") from error


def check_handler(paths: frozenset[str], runtime: str, handler: str) -> None:
    """Is the file there in which the runtime looks for the handler?

    Handlers of runtimes that the kit does not build for are not looked for; Java's are classes in archives.

    Raises:
        ApiError: 500 ``AWS_EXCEPTION``.
    """
    if runtime not in RUNTIMES:
        return
    module, _, function = handler.rpartition(".")
    endings = _ENDINGS[RUNTIMES[runtime].language]
    # Python's runtime takes dots for folders too, Node's does not.
    places = [module, module.replace(".", "/")] if RUNTIMES[runtime].language == "python" else [module]
    if not function or not any(place + ending in paths for place in places for ending in endings):
        looked = " or ".join(f"{module}{ending}" for ending in endings)
        message = f"The handler {handler} is not in the code: there is no {looked} at its root."
        raise aws_refusal(_INVALID, message)

"""The problems of one archive, collected and raised together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from builder.errors import Problem, VerificationError
from builder.quoting import printable

if TYPE_CHECKING:
    from pathlib import Path

_SHOWN = 50
_WHEEL_HINT = "Download the package again. If the file is the same, report it to the package's maintainers."
_ARTIFACT_HINT = "It is damaged or was changed: run `biot-plugin package` again, or copy it again from its source."


class ArchiveProblems:
    """Collects the problems of one archive and raises them together.

    Args:
        file: The archive; every message names it.
    """

    def __init__(self, file: Path) -> None:
        self._file = file.name
        self._hint = _WHEEL_HINT if file.suffix == ".whl" else _ARTIFACT_HINT
        self._problems: list[Problem] = []
        self._hidden = 0

    def add(self, message: str, member: str = "") -> None:
        """Add a problem of a member (its path inside the archive), or of the archive as a whole."""
        if len(self._problems) >= _SHOWN:
            self._hidden += 1
            return
        text = f"Member {printable(member)!r} {message}." if member else f"The archive {message}."
        self._problems.append(Problem(file=self._file, key=printable(member), message=text, code="unsafe-archive"))

    def stop(self, message: str) -> NoReturn:
        """Give up, because the rest of the archive cannot be read.

        Raises:
            VerificationError: Always, with every problem so far.
        """
        self.add(message)
        raise self._error()

    def raise_if_any(self) -> None:
        """End one stage of the checks.

        Raises:
            VerificationError: There are problems.
        """
        if self._problems:
            raise self._error()

    def _error(self) -> VerificationError:
        problems = list(self._problems)
        if self._hidden:
            problems.append(
                Problem(
                    file=self._file, message=f"This archive has {self._hidden} more problems.", code="unsafe-archive"
                )
            )
        return VerificationError(
            f"{self._file} is not a ZIP that all programs read the same way.",
            hint=self._hint,
            problems=problems,
        )

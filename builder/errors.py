"""The errors of the kit, as one tree.

::

    KitError                    70  (never raised itself)
    ├── UsageError               2  an option names something that does not exist
    ├── ManifestError            3  plugin.toml cannot be read or breaks a rule
    ├── ProjectError             4  the plugin's folder does not match the manifest
    ├── DependencyError          5  lock, index, wheels, npm packages
    ├── PackagingError           6  the artifact cannot be written or is too large
    ├── VerificationError        7  an artifact is not what it claims to be
    ├── PublishError             8  BioT's API; builder.publishing.failures has a subclass for each kind
    └── SandboxError             9  the local BioT

The other usage errors (2) are click's; 130 is an interrupt; 70 is a bug. Only ``builder.cli``
catches and exits. ``builder/error_codes`` explains each kind.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(StrEnum):
    """Whether a problem stops the work or is only printed."""

    ERROR = "error"
    WARNING = "warning"


class Problem(NamedTuple):
    """One problem, described so that the reader can fix it without asking anybody.

    Not a dataclass: every command loads this module, and importing ``dataclasses`` takes longer than all of it.

    Attributes:
        message: What is wrong and what is allowed, as one sentence.
        hint: How to fix it, as one line; empty only when the message says so already.
        setting: Lines of TOML to paste into plugin.toml, if that fixes it; else empty.
        file: The file, relative to the plugin's folder, or empty.
        line: 1-based line in ``file``; 0 when unknown.
        key: Key path inside the file, such as ``plugin.subscriptions.interceptions[2].apiId``, or
            empty.
        code: What ``biot-plugin explain`` finds it by, such as ``manifest-version``.
        severity: Warnings never stop the work.
    """

    message: str
    code: str
    hint: str = ""
    setting: str = ""
    file: str = ""
    line: int = 0
    key: str = ""
    severity: Severity = Severity.ERROR

    @property
    def where(self) -> str:
        """``file:line key``, without the unknown parts."""
        place = f"{self.file}:{self.line}" if self.file and self.line else self.file
        return " ".join(part for part in (place, self.key) if part)


def count_problems(problems: Iterable[Problem]) -> str:
    """``1 problem`` or ``3 problems and 1 warning``, for the sentence below a list of problems."""
    severities = [problem.severity for problem in problems]
    counts = ((severities.count(Severity.ERROR), "problem"), (severities.count(Severity.WARNING), "warning"))
    return " and ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts if count)


class KitError(Exception):
    """The base of every error that the kit raises on purpose.

    Args:
        message: What went wrong, as one sentence.
        hint: How to fix it, as one line.
        setting: Lines of TOML to paste into plugin.toml, if that fixes it.
        problems: Every single problem, when there are several; all are printed.

    ``kind`` is the error's code, for people (``[manifest]``), for ``--json`` and for ``biot-plugin explain``.
    """

    exit_code: ClassVar[int] = 70
    kind: ClassVar[str] = "bug"

    def __init__(self, message: str, *, hint: str = "", setting: str = "", problems: Iterable[Problem] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.setting = setting
        self.problems = tuple(problems)


class UsageError(KitError):
    """A command-line option names something that does not exist, such as an environment."""

    exit_code = 2
    kind: ClassVar[str] = "usage"


class ManifestError(KitError):
    """``plugin.toml`` cannot be read, or breaks a rule."""

    exit_code = 3
    kind: ClassVar[str] = "manifest"


class ProjectError(KitError):
    """The plugin's folder does not match the manifest, or no plugin.toml was found."""

    exit_code = 4
    kind: ClassVar[str] = "project"


class DependencyError(KitError):
    """A lock is missing or stale, or a package is unavailable for the runtime."""

    exit_code = 5
    kind: ClassVar[str] = "dependency"


class PackagingError(KitError):
    """The artifact cannot be assembled or written, or would be too large."""

    exit_code = 6
    kind: ClassVar[str] = "packaging"


class VerificationError(KitError):
    """An artifact is not what it claims to be, or is not a ZIP that all programs read the same way."""

    exit_code = 7
    kind: ClassVar[str] = "verification"


class PublishError(KitError):
    """BioT's API refused a request, or its response is not the expected one.

    Each subclass has its own ``kind``, because all share this exit code.
    """

    exit_code = 8
    kind: ClassVar[str] = "publish"


class SandboxError(KitError):
    """The local BioT cannot do what the command asked for."""

    exit_code = 9
    kind: ClassVar[str] = "sandbox"

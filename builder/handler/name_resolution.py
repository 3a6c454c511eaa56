"""From a module and a name to what the name stands for, followed through re-exports; reads files only when asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

from builder.handler.exports import ExportKind, Exports

if TYPE_CHECKING:
    from builder.handler.exports import Export


# What is looked for.
@dataclass(frozen=True, kw_only=True, slots=True)
class HandlerReference:
    """A handler, taken apart as the language's runtime does it.

    Attributes:
        handler: As in the manifest.
        language: ``python`` or ``nodejs``.
        version: Of the runtime's language, or empty.
        module: Path of the file below the build root, with ``/`` and without its ending.
        name: The function's name there.
    """

    handler: str
    language: str
    version: str
    module: str
    name: str

    @classmethod
    def of(cls, handler: str, language: str, version: str) -> HandlerReference:
        """Take a handler apart.

        ``awslambdaric`` cuts at the last dot and takes the others for slashes; ``aws-lambda-ric`` cuts the last part
        of the path at its first dot and looks the rest up property by property, of which only the first is checked.
        """
        if language == "python":
            module, _, name = handler.rpartition(".")
            module = module.replace(".", "/")
        else:
            folder, slash, last = handler.rpartition("/")
            stem, _, properties = last.partition(".")
            module, name = f"{folder}{slash}{stem}", properties.split(".")[0]
        return cls(handler=handler, language=language, version=version, module=module, name=name)


_MOST_STEPS = 200


class ResolutionKind(Enum):
    """What a name turned out to be."""

    FUNCTION = auto()
    UNKNOWN = auto()
    """The text does not tell: it may come from another package's ``import *``, or be made while the module runs."""
    COROUTINE = auto()
    SIGNATURE = auto()
    """It is a function that Lambda calls with arguments which it does not take."""
    VALUE = auto()
    NOT_OFFERED = auto()
    """The module does not have the name."""
    NO_MODULE = auto()
    """The name is passed on from a file of the plugin that is not there."""
    BROKEN = auto()
    """The text of the module cannot be understood."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """The answer and where it was found.

    Attributes:
        answer: What the name is.
        file: The module in which the search ended, as the library names it.
        line: The line there, or 0.
        detail: What is broken, or the module that is not there.
        hint: How to mend it, where that is known.
        positional: Of a function of JavaScript, its ``length``.
    """

    answer: ResolutionKind
    file: str
    line: int = 0
    detail: str = ""
    hint: str = ""
    positional: int = 0


class SourceModules(Protocol):
    """Where modules come from. Files are named by their path below the build root."""

    def exports_of(self, file: str) -> Exports:
        """What a file offers; a file that cannot be read is one with ``broken_line``."""

    def locate(self, module: str, *, importer: str) -> str | None:
        """The file of a module, as ``importer`` names it.

        Returns:
            None for a package that is not the plugin's own, and an empty text when a file of the plugin is meant
            and is not there.
        """


def resolve(file: str, name: str, library: SourceModules) -> Resolution:
    """What ``name`` of ``file`` is. What is not surely wrong is a function or unknown."""
    return _Search(library).resolve(file, name)


class _Search:
    """One search; every name of every file is looked at once, so a cycle or a web of re-exports ends."""

    def __init__(self, library: SourceModules) -> None:
        self._library = library
        self._known: dict[tuple[str, str], Resolution] = {}

    def resolve(self, file: str, name: str) -> Resolution:
        """The outcome for one name of one file."""
        nothing = Resolution(answer=ResolutionKind.NOT_OFFERED, file=file)
        if (file, name) not in self._known and len(self._known) < _MOST_STEPS:
            self._known[file, name] = nothing
            self._known[file, name] = self._answer(file, name)
        return self._known.get((file, name), nothing)

    def _answer(self, file: str, name: str) -> Resolution:
        exports = self._library.exports_of(file)
        outcomes = [self._follow(file, export) for export in exports.names.get(name, ())]
        if not outcomes:
            stars = [self._through_star(file, star, name) for star in exports.stars]
            outcomes = [outcome for outcome in stars if outcome.answer is not ResolutionKind.NOT_OFFERED]
        if outcomes:
            # A name that a condition decides is fine when one of its meanings is.
            return min(outcomes, key=lambda outcome: outcome.answer.value)
        if exports.broken_line:
            return Resolution(
                answer=ResolutionKind.BROKEN,
                file=file,
                line=exports.broken_line,
                detail=exports.broken_reason,
                hint=exports.broken_hint,
            )
        return Resolution(answer=ResolutionKind.UNKNOWN if exports.is_open else ResolutionKind.NOT_OFFERED, file=file)

    def _follow(self, file: str, export: Export) -> Resolution:
        if export.kind is not ExportKind.PASSED_ON:
            return Resolution(
                answer=ResolutionKind[export.kind.name],
                file=file,
                line=export.line,
                detail=export.detail,
                positional=export.positional,
            )
        target = self._library.locate(export.module, importer=file)
        if target is None:
            return Resolution(answer=ResolutionKind.FUNCTION, file=file, line=export.line)
        if not target:
            return Resolution(answer=ResolutionKind.NO_MODULE, file=file, line=export.line, detail=export.module)
        return self.resolve(target, export.name)

    def _through_star(self, file: str, module: str, name: str) -> Resolution:
        target = self._library.locate(module, importer=file)
        if target is None:
            # Another package's names are not known here, so the name may come from it.
            return Resolution(answer=ResolutionKind.UNKNOWN, file=file)
        if not target:
            return Resolution(answer=ResolutionKind.NO_MODULE, file=file, detail=module)
        return self.resolve(target, name)

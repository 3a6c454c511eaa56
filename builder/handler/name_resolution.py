"""Finds out what a name of a module is, and follows re-exports to other modules."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from builder.handler.exports import ExportKind, Exports

if TYPE_CHECKING:
    from builder.handler.exports import Export

_MAX_STEPS = 200


class HandlerReference(Struct, frozen=True, kw_only=True):
    """A handler, split as the language's runtime does it.

    Attributes:
        handler: As in the manifest.
        language: ``python`` or ``nodejs``.
        version: Of the runtime's language, or empty.
        module: Path of the file below the build root, with ``/`` and without its file extension.
        name: The function's name there.
    """

    handler: str
    language: str
    version: str
    module: str
    name: str

    @classmethod
    def parse(cls, handler: str, language: str, version: str) -> HandlerReference:
        """Split a handler into module and name.

        ``awslambdaric`` splits at the last dot and replaces the other dots with slashes.
        ``aws-lambda-ric`` splits the last part of the path at its first dot and looks up the rest
        property by property; the kit checks only the first property.
        """
        if language == "python":
            module, _, name = handler.rpartition(".")
            module = module.replace(".", "/")
        else:
            folder, slash, last = handler.rpartition("/")
            stem, _, properties = last.partition(".")
            module, name = f"{folder}{slash}{stem}", properties.split(".")[0]
        return cls(handler=handler, language=language, version=version, module=module, name=name)


class ResolutionKind(Enum):
    """What a name is. Of several possible meanings, the first kind in this list is assumed."""

    FUNCTION = auto()
    UNKNOWN = auto()
    """The text does not show it: it may come from another package's ``import *``, or be created at
    run time."""
    COROUTINE = auto()
    WRONG_SIGNATURE = auto()
    """A function that does not accept the arguments of Lambda."""
    NOT_A_FUNCTION = auto()
    NOT_EXPORTED = auto()
    """The module does not have the name."""
    MISSING_MODULE = auto()
    """The name is exported again from a file of the plugin that does not exist."""
    INVALID_SOURCE = auto()
    """The module is not valid code."""


class Resolution(Struct, frozen=True, kw_only=True):
    """What a name is, and where that was found.

    Attributes:
        kind: What the name is.
        file: The module in which the search ended, as ``SourceModules`` names it.
        line: The line there, or 0.
        detail: What is wrong, or the missing module.
        hint: How to fix it, where that is known.
        positional_parameters: Of a function of JavaScript, its ``length``.
    """

    kind: ResolutionKind
    file: str
    line: int = 0
    detail: str = ""
    hint: str = ""
    positional_parameters: int = 0


class SourceModules(Protocol):
    """The plugin's own modules. Files are named by their path below the build root."""

    def exports_of(self, file: str) -> Exports:
        """What a file exports; for an unreadable file, exports with ``error_line``."""

    def locate_import(self, module: str, *, importer: str) -> str | None:
        """The file of a module, as ``importer`` names it.

        Returns:
            None for a package that is not the plugin's own; an empty text for a file of the plugin
            that does not exist.
        """


def resolve_name(file: str, name: str, modules: SourceModules) -> Resolution:
    """What ``name`` of ``file`` is. What is not certainly wrong counts as a function or as unknown."""
    return _NameSearch(modules).resolve_name(file, name)


class _NameSearch:
    """One search. It looks at every name of every file once, so cycles of re-exports end."""

    def __init__(self, modules: SourceModules) -> None:
        self._modules = modules
        self._resolutions: dict[tuple[str, str], Resolution] = {}

    def resolve_name(self, file: str, name: str) -> Resolution:
        """The resolution of one name of one file."""
        not_exported = Resolution(kind=ResolutionKind.NOT_EXPORTED, file=file)
        if (file, name) not in self._resolutions and len(self._resolutions) < _MAX_STEPS:
            self._resolutions[file, name] = not_exported
            self._resolutions[file, name] = self._resolve(file, name)
        return self._resolutions.get((file, name), not_exported)

    def _resolve(self, file: str, name: str) -> Resolution:
        exports = self._modules.exports_of(file)
        resolutions = [self._follow(file, export) for export in exports.names.get(name, ())]
        if not resolutions:
            from_stars = [self._follow_star(file, module, name) for module in exports.star_modules]
            resolutions = [found for found in from_stars if found.kind is not ResolutionKind.NOT_EXPORTED]
        if resolutions:
            # A name that a condition decides is fine when one of its meanings is.
            return min(resolutions, key=lambda resolution: resolution.kind.value)
        if exports.error_line:
            return Resolution(
                kind=ResolutionKind.INVALID_SOURCE,
                file=file,
                line=exports.error_line,
                detail=exports.error_message,
                hint=exports.error_hint,
            )
        kind = ResolutionKind.UNKNOWN if exports.has_unknown_names else ResolutionKind.NOT_EXPORTED
        return Resolution(kind=kind, file=file)

    def _follow(self, file: str, export: Export) -> Resolution:
        if export.kind is not ExportKind.REEXPORT:
            return Resolution(
                kind=ResolutionKind[export.kind.name],
                file=file,
                line=export.line,
                detail=export.detail,
                positional_parameters=export.positional_parameters,
            )
        target = self._modules.locate_import(export.module, importer=file)
        if target is None:
            return Resolution(kind=ResolutionKind.FUNCTION, file=file, line=export.line)
        if not target:
            return Resolution(kind=ResolutionKind.MISSING_MODULE, file=file, line=export.line, detail=export.module)
        return self.resolve_name(target, export.name)

    def _follow_star(self, file: str, module: str, name: str) -> Resolution:
        target = self._modules.locate_import(module, importer=file)
        if target is None:
            # The names of other packages are unknown here, so the name may come from this one.
            return Resolution(kind=ResolutionKind.UNKNOWN, file=file)
        if not target:
            return Resolution(kind=ResolutionKind.MISSING_MODULE, file=file, detail=module)
        return self.resolve_name(target, name)

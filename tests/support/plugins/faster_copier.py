"""Copier renders the same plugins with half of the work: the tests of the templates render some two hundred."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jinja2

if TYPE_CHECKING:
    from types import CodeType

    import pytest

_OPTIONS = (
    "block_start_string",
    "block_end_string",
    "variable_start_string",
    "variable_end_string",
    "trim_blocks",
    "lstrip_blocks",
    "keep_trailing_newline",
)
"""What Copier's templates may change of Jinja's syntax; the rest is always Jinja's default."""


def make_copier_faster(patch: pytest.MonkeyPatch) -> None:
    """Remember compiled templates, and do not ask git before each file whether it stores modes.

    A render compiles 570 texts, the names of files among them, and every render compiles them again. The question to
    git (`core.fileMode`) is a process for each of 70 files, and matters only where the setting is false.
    """
    compiled: dict[tuple[object, ...], CodeType] = {}
    compile_text = jinja2.Environment.compile

    def compile_once(
        environment: jinja2.Environment, source: str, name: str | None = None, filename: str | None = None
    ) -> CodeType:
        options = (getattr(environment, option) for option in _OPTIONS)
        key = (type(environment), source, name, filename, *sorted(environment.extensions), *options)
        if key not in compiled:
            compiled[key] = compile_text(environment, source, name, filename)
        return compiled[key]

    patch.setattr(jinja2.Environment, "compile", compile_once)
    patch.setattr("copier._main.is_git_available", lambda: False)

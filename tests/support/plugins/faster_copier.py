"""Copier renders the same plugins with a quarter of the work: the tests of the templates render some two hundred."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from copier._template import Template
from copier._vcs import clone

if TYPE_CHECKING:
    from collections.abc import Callable
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
_unchanging: set[str] = set()


def keep_clones_of(template: Path) -> None:
    """Let all renders read one clone of each version of this repository, which nobody changes during the run."""
    _unchanging.add(str(template))


def make_copier_faster(patch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Remember compiled templates, keep clones, and do not ask git before each file whether it stores modes.

    A render compiles 570 texts, the names of files among them, and every render compiles them again. A clone is four
    processes, and 200 folders that are removed again: half of the time of a render. The question to git
    (`core.fileMode`) is a process for each of 70 files, and matters only where the setting is false.

    Returns:
        Removes the clones that were kept.
    """
    patch.setattr(jinja2.Environment, "compile", _compiling_once())
    patch.setattr("copier._main.is_git_available", lambda: False)
    clones: dict[tuple[str, str], str] = {}
    patch.setattr("copier._template.clone", _cloning_once(clones))
    remove = Template._cleanup

    def cleanup(template: Template) -> None:
        if str(template._temp_clone_path) not in clones.values():
            remove(template)

    patch.setattr(Template, "_cleanup", cleanup)

    def remove_clones() -> None:
        for folder in clones.values():
            shutil.rmtree(folder)

    return remove_clones


def _compiling_once() -> Callable[..., CodeType]:
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

    return compile_once


def _cloning_once(clones: dict[tuple[str, str], str]) -> Callable[..., str]:
    def clone_once(url: str, ref: str = "HEAD", location: str | None = None) -> str:
        if url not in _unchanging:
            return clone(url, ref, location=location)
        if (url, ref) not in clones:
            clones[url, ref] = clone(url, ref, location=location)
        elif location is not None:
            Path(location).rmdir()
        return clones[url, ref]

    return clone_once

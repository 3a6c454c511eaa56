"""Finds a CPython of a runtime's version on this machine; never downloads one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.errors import ProjectError
from builder.host import process

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PROBE = "import sys; print(sys.implementation.cache_tag, sys.version.split()[0], 'free-threading' in sys.version)"


class Interpreter(Struct, frozen=True, kw_only=True):
    """A CPython on this machine.

    Attributes:
        program: Its absolute path.
        release: Full version, such as ``3.13.2``; another release may compile to different bytes.
    """

    program: Path
    release: str

    @property
    def version(self) -> tuple[int, int]:
        """Major and minor."""
        major, minor = self.release.split(".")[:2]
        return int(major), int(minor)

    @property
    def tag(self) -> str:
        """The tag in the names of its bytecode files, such as ``cpython-313``."""
        return f"cpython-{self.version[0]}{self.version[1]}"


def find_interpreter(version: str, environment: Mapping[str, str]) -> Interpreter:
    """A CPython whose bytecode a runtime can load.

    Args:
        version: Major and minor, such as ``3.13``.
        environment: Of this process.

    Raises:
        ProjectError: There is no such CPython.
    """
    interpreter = locate_interpreter(version, environment)
    if interpreter is not None:
        return interpreter
    message = f"[build] precompile needs Python {version}, the runtime's version, but it is not on this machine."
    hint = f"Install it with `uv python install {version}` (nothing else changes), or remove precompile."
    raise ProjectError(message, hint=hint)


def locate_interpreter(version: str, environment: Mapping[str, str]) -> Interpreter | None:
    """The first CPython of a version: the running one, pyenv's, the one on the PATH, or uv's; None without one."""
    tag = f"cpython-{version.replace('.', '')}"
    for program in _candidates(version, environment):
        # Prints the tag, the release, and whether it is a free-threading build.
        fields = process.run([str(program), "-I", "-S", "-c", _PROBE], cwd=program.parent).stdout.split()
        if fields[:1] == [tag] and fields[2:] == ["False"]:
            return Interpreter(program=program, release=fields[1])
    return None


def _candidates(version: str, environment: Mapping[str, str]) -> Iterator[Path]:
    if "{}.{}".format(*sys.version_info) == version:
        yield Path(sys.executable)
    # Before the PATH, whose entry may be pyenv's shim: a shell script that takes a tenth of a second.
    pyenv = Path(environment.get("PYENV_ROOT") or "~/.pyenv").expanduser()
    yield from sorted(pyenv.glob(f"versions/{version}.*/bin/python{version}"), key=_newest)
    on_path = process.find_program(f"python{version}")
    if on_path is not None:
        yield Path(on_path).absolute()
    uv = process.run(
        [sys.executable, "-m", "uv", "python", "find", "--no-python-downloads", "--no-project", version],
        cwd=Path(sys.executable).parent,
    )
    if uv.returncode == 0 and uv.stdout.strip():
        yield Path(uv.stdout.strip())


def _newest(program: Path) -> tuple[int, str]:
    release = program.parents[1].name.rpartition(".")[2]
    return (-int(release), "") if release.isdigit() else (1, release)

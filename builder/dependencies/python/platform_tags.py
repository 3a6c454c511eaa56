"""The platform tags of wheels that a Python runtime loads, as pip and uv name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from builder.platform.runtimes import Runtime

# The names before PEP 600 (PEP 513, 571, 599).
_OLDER_NAMES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
_LOWEST_MINOR = 5
# glibc minors for which uv has a target (`uv pip compile --help`); there is none between 2.17 and 2.28.
_UV_MINORS = (17, 28, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40)


def platforms(runtime: Runtime) -> tuple[str, ...]:
    """Every platform tag that the runtime loads, best first; pip needs all of them."""
    tags: list[str] = []
    for minor in range(runtime.glibc[1], _LOWEST_MINOR - 1, -1):
        tags.append(f"manylinux_2_{minor}_x86_64")
        if minor in _OLDER_NAMES:
            tags.append(f"{_OLDER_NAMES[minor]}_x86_64")
    return (*tags, "linux_x86_64")


def uv_platform(runtime: Runtime) -> str:
    """Uv's nearest target that needs no newer glibc than the runtime has."""
    minor = max(minor for minor in _UV_MINORS if minor <= runtime.glibc[1])
    return "x86_64-manylinux2014" if minor == _UV_MINORS[0] else f"x86_64-manylinux_2_{minor}"


def abis(runtime: Runtime) -> tuple[str, ...]:
    """The ABI tags of the runtime's CPython: its own, the stable one, and none."""
    return (f"cp{runtime.version.replace('.', '')}", "abi3", "none")

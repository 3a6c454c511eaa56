"""What is wrong with a package's native code, whatever other packages are installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.errors import Severity
from builder.natives.load_problems import find_load_problems
from builder.natives.loader_view import LoaderView, PlacedFile
from builder.natives.native_messages import describe_load_problems
from builder.natives.native_scan import scan_pack

if TYPE_CHECKING:
    from builder.build_values import Pack
    from builder.errors import Problem
    from builder.platform.runtimes import Runtime

_NEEDS_OTHER_PACKAGES = frozenset({"library", "elsewhere"})
"""Kinds of problems that another package may solve."""


def standalone_problems(pack: Pack, runtime: Runtime) -> tuple[Problem, ...]:
    """Why a package's native code cannot load on a runtime; libraries that are not in the package do not count.

    Raises:
        VerificationError: The pack has changed while it was used.
    """
    natives = scan_pack(pack)
    if not natives:
        return ()
    owner = f"{pack.package.name} {pack.package.version}"
    placed = [PlacedFile(path=path, owner=owner, native=native) for path, native in natives.items()]
    view = LoaderView(runtime, {member.path: owner for member in pack.members}, placed)
    certain = (
        problem
        for problem in find_load_problems(view)
        if problem.severity is Severity.ERROR and problem.kind not in _NEEDS_OTHER_PACKAGES
    )
    return tuple(describe_load_problems(certain, runtime))

"""What went wrong on purpose with a request: left in its scope, for those who record what happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

_SCOPE_KEY = "sandbox.fault"


def note_fault(scope: MutableMapping[str, object], note: str) -> None:
    """Leave a fault in the scope of its request, in words."""
    scope[_SCOPE_KEY] = note


def noted_fault(scope: Mapping[str, object]) -> str:
    """Return the fault of a request in words; empty when it met none."""
    return str(scope.get(_SCOPE_KEY, ""))

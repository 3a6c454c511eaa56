"""Whose interceptions moved: BioT makes room for an order by pushing others back, and tells nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from builder.errors import PublishError
from builder.publishing.answers import printable
from builder.publishing.changes import SUBSCRIPTIONS
from builder.publishing.plans import Unchanged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.publishing.hooks import HookKind
    from builder.publishing.plans import ReleasePlan
    from builder.publishing.values import Rows

_PAGES: Final = 20
_ROWS: Final = 100


class Search(Protocol):
    """The dispatcher's search."""

    def search(self, kind: HookKind, filters: Mapping[str, object], *, page: int = 0, limit: int = 100) -> Rows:
        """One page of subscriptions. Raises PublishError."""


def moves_orders(release: ReleasePlan) -> bool:
    """Whether a plan touches interceptions, or switches them on or off."""
    fields = () if isinstance(release, Unchanged) else tuple(change.field for change in release.changes)
    return any(field == "enabledState" or field.startswith(f"{SUBSCRIPTIONS}.intercept") for field in fields)


def read_orders(hooks: Search) -> dict[tuple[str, str], str]:
    """Every interception of the environment: who is called for what -> its order.

    Raises:
        PublishError: They cannot be read, or not by these credentials.
    """
    found: dict[tuple[str, str], str] = {}
    for page in range(_PAGES):
        rows = hooks.search("interceptions", {}, page=page, limit=_ROWS)
        for row in rows.rows:
            what = " ".join(str(row[key]) for key in ("type", "apiId", "entityName") if row.get(key))
            found[str(row.get("endpoint", "")), what] = str(row.get("executionOrder", ""))
        if not rows.rows or (page + 1) * _ROWS >= rows.total:
            break
    return found


def moved(
    before: Mapping[tuple[str, str], str], after: Mapping[tuple[str, str], str], own_endpoint: str
) -> tuple[str, ...]:
    """A sentence for each interception of somebody else whose order is another than before."""
    return tuple(
        f"The interception {printable(key[1], 160)} of {printable(key[0], 160)} moved from order "
        f"{printable(before[key], 20)} to {printable(order, 20)}."
        for key, order in sorted(after.items())
        if key in before and before[key] != order and key[0] != own_endpoint
    )


class OrderWatch:
    """Looks at the orders before and after a publish; what it may not see, it says.

    Args:
        hooks: The dispatcher's search.
        release: Its plan.
    """

    def __init__(self, hooks: Search, release: ReleasePlan) -> None:
        self._hooks = hooks
        self._before: dict[tuple[str, str], str] = {}
        self._due = moves_orders(release)
        self._trouble = ""
        if self._due:
            self._before = self._read()

    def notes(self, own_endpoint: str) -> tuple[str, ...]:
        """What moved, or why nobody looked; nothing when the publish touches no interception."""
        if not self._due:
            return ()
        after = self._read() if not self._trouble else {}
        if self._trouble:
            return (f"Whether orders of other interceptions moved was not looked at: {self._trouble}",)
        return moved(self._before, after, own_endpoint)

    def _read(self) -> dict[tuple[str, str], str]:
        try:
            return read_orders(self._hooks)
        except PublishError as error:
            self._trouble = error.message
            return {}

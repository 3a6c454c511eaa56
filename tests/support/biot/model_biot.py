"""A model of BioT in memory that follows its specification and fails as networks and servers do, with virtual time.

It records the truth: which requests took effect, who changed what, and whether an unread change was overwritten.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from builder.platform.reserved_variables import TREE_DIGEST_NAME, TREE_VERSION_NAME
from builder.publishing.failures import AccessDenied, NoAnswer, OutcomeUnknown, Refused, RolledBack, Unreachable
from tests.support.biot.remote_plugins import as_table, digest, remote_plugin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from builder.errors import PublishError
    from builder.publishing.api_values import RemotePlugin

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
READ_FAULTS = ("unreachable", "no-answer", "forbidden")
NETWORK_FAULTS = (
    "unreachable",
    "lost before",
    "lost after",
    "late 1",
    "late 4",
    "late 20",
    "rolled back",
    "partly applied",
    "busy",
    "no-answer",
)
OTHERS = (
    "other publishes before",
    "other publishes after",
    "other publishes after, answer lost",
    "console upload before",
    "console upload after",
    "console upload after, answer lost",
    "other edits before",
    "other edits after",
    "other edits after, answer lost",
    "other edits before, answer lost",
    "deleted before",
    "deleted after",
    "deleted after, answer lost",
    "same release before",
)
FINAL_FAULTS = ("invalid", "forbidden", "version burnt", "bad code")
FAULTS = (*NETWORK_FAULTS, *OTHERS, *FINAL_FAULTS)
SUBSCRIPTION_LISTS = ("interceptions", "notifications")


REFUSALS = {
    "exists": ("PLUGIN_EXISTS_BY_NAME", 409),
    "gone": ("PLUGIN_NOT_FOUND", 404),
    "larger": ("PLUGIN_VERSION_MUST_BE_LARGER_WHEN_UPDATING_CODE", 400),
    "same": ("PLUGIN_VERSION_MUST_NOT_BE_CHANGED_WHEN_NOT_UPDATING_CODE", 400),
    "busy": ("TOO_MANY_REQUESTS", 429),
    "invalid": ("PLUGIN_REQUEST_VALIDATION_FAILED", 400),
}


def refused(why: str) -> Refused:
    """Return a refusal with BioT's code."""
    code, status = REFUSALS[why]
    refusal = Refused(f"BioT refused: {code}.", status=status, code=code)
    refusal.retry_after = 3.0 if why == "busy" else None
    return refusal


FAILURES = frozenset({"unreachable", "no-answer", "forbidden", "busy", "invalid", "rolled back", "bad code"})
"""The failures of requests that do not reach the plugin."""


def failure(kind: str) -> PublishError:
    """Return the error for one of ``FAILURES``."""
    if kind == "unreachable":
        return Unreachable("Nothing answers.")
    if kind in {"rolled back", "bad code"}:
        return RolledBack("It was rolled back: AWS_EXCEPTION.", code="AWS_EXCEPTION", lasting=kind == "bad code")
    if kind == "no-answer":
        return NoAnswer("No usable answer.")
    return AccessDenied("Not allowed.") if kind == "forbidden" else refused(kind)


class VirtualClock:
    """Virtual time, which passes only by waiting, and the actions that happen at certain times."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.due: list[tuple[float, Callable[[], None]]] = []

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        end = self.seconds + seconds
        for item in sorted((item for item in self.due if item[0] <= end), key=itemgetter(0)):
            self.due.remove(item)
            self.seconds = max(self.seconds, item[0])
            item[1]()
        self.seconds = end


@dataclass
class ModelBiot:
    """One plugin of one environment.

    Attributes:
        clock: The virtual time.
        state: The plugin's fields, or None.
        faults: The faults of the first, second, … changing request; later ones have none.
        read_faults: The same for read requests.
        uploads: How often code of this publisher took effect.
        applied: How many changing requests of this publisher took effect, at least partly.
        others: How often another user changed the plugin.
        hides_variables: Whether responses leave the variables out, as the specification allows.
        taken: Orders of other plugins' interceptions: ours are moved up past them.
        unseen: How often another user's code was overwritten before this publisher had read about it.
    """

    clock: VirtualClock
    state: dict[str, Any] | None = None
    faults: list[str] = field(default_factory=list)
    read_faults: list[str] = field(default_factory=list)
    taken: frozenset[int] = frozenset()
    uploads: int = 0
    applied: int = 0
    others: int = 0
    unseen: int = 0
    requests: int = 0
    reads: int = 0
    hides_variables: bool = False
    _fresh: bool = False
    _born: int = 0
    _told: RemotePlugin | None = None

    def read(self, name: str) -> RemotePlugin | None:
        assert name
        self.reads += 1
        self.clock.sleep(0.05)
        fault = self.read_faults.pop(0) if self.read_faults else ""
        if fault in FAILURES:
            raise failure(fault)
        self._fresh = False
        return self._answer()

    def create(self, config: Mapping[str, object], code: Path | None) -> RemotePlugin:
        return self._serve(lambda: self._create(config, code), lambda: self._half_create(config, code))

    def update(self, name: str, changes: Mapping[str, object], code: Path | None) -> RemotePlugin:
        assert name
        return self._serve(lambda: self._update(changes, code), lambda: self._half_update(changes, code))

    def other_publishes(self, letter: str = "f") -> None:
        if self.state is not None:
            self._bump(letter)
            self.others += 1
            self._fresh = True

    def other_edits(self) -> None:
        if self.state is not None:
            self.state["timeout"] = 899 if self.state["timeout"] != 899 else 898
            self._touch()
            self.others += 1

    def console_upload(self) -> None:
        if self.state is not None:
            self.state["version"] += 1
            self._touch()
            self.others += 1
            self._fresh = True

    def delete(self) -> None:
        if self.state is not None:
            self.state = None
            self.others += 1
            self.uploads = 0  # deleted with the plugin

    def appear(self, state: Mapping[str, Any]) -> None:
        """Create the plugin."""
        self._born += 1
        self.state = {**state, "creationTime": f"born {self._born}"}
        self._place()
        self._touch()

    def _serve(self, apply: Callable[[], None], halfway: Callable[[], None]) -> RemotePlugin:
        self.requests += 1
        self.clock.sleep(0.2)
        fault = self.faults.pop(0) if self.faults else ""
        if self._meet_fault(fault, apply, halfway):
            msg = "The response was lost."
            raise OutcomeUnknown(msg, status=504)
        answer, self._told = self._told or self._answer(), None
        assert answer is not None
        return answer

    def _meet_fault(self, fault: str, apply: Callable[[], None], halfway: Callable[[], None]) -> bool:
        """Let a request meet its fault, and return whether the response is lost."""
        if fault in FAILURES:
            raise failure(fault)
        if "before" in fault and not fault.startswith("lost"):
            self._change_as_other(fault)
        if fault == "lost before":
            return True
        if fault.startswith("late"):
            self.clock.due.append((self.clock.seconds + float(fault.split()[1]), lambda: self._quietly(apply)))
            return True
        if fault == "partly applied":
            self._quietly(halfway)
            return True
        if fault == "version burnt" and self.state is not None:
            self.state["version"] += 1
            return True
        apply_it = self._quietly if fault == "lost after" or "answer lost" in fault else _loudly
        apply_it(apply)
        if "after" in fault and not fault.startswith("lost"):
            self._told = self._answer()
            self._change_as_other(fault)
        return fault == "lost after" or "answer lost" in fault

    def _change_as_other(self, fault: str) -> None:
        if fault.startswith("other publishes"):
            self.other_publishes()
        elif fault.startswith("console"):
            self.console_upload()
        elif fault.startswith("other edits"):
            self.other_edits()
        elif fault.startswith("deleted"):
            self.delete()
        elif fault.startswith("same release"):
            self.other_publishes("b")

    @staticmethod
    def _quietly(apply: Callable[[], None]) -> None:
        try:
            apply()
        except Refused:
            return  # the response is lost

    def _create(self, config: Mapping[str, object], code: Path | None) -> None:
        if self.state is not None:
            why = "exists"
            raise refused(why)
        self.appear(config)
        self._took_effect(code)

    def _half_create(self, config: Mapping[str, object], code: Path | None) -> None:
        self._create({**config, "subscriptions": {"interceptions": []}}, code)

    def _update(self, changes: Mapping[str, object], code: Path | None) -> None:
        state = self._guarded(changes, code)
        for key, value in changes.items():
            merged = isinstance(value, dict) and key in {"subscriptions", "cors"}
            state[key] = {**as_table(state.get(key) or {}), **as_table(value)} if merged else value
        self._place()
        self._touch()
        self._took_effect(code)

    def place(self, order: int) -> int:
        """Return the first free order from this one up."""
        return order if order not in self.taken else self.place(order + 1)

    def _place(self) -> None:
        """Give every interception a free order, as the platform does."""
        assert self.state is not None
        table = self.state["subscriptions"]
        rows = [{**row, "order": self.place(row["order"])} if "order" in row else row for row in table["interceptions"]]
        self.state["subscriptions"] = {**table, "interceptions": rows}

    def _half_update(self, changes: Mapping[str, object], code: Path | None) -> None:
        """Apply code, version and variables, and nothing that would follow them."""
        first = ("version", "environmentVariables") if code is not None else tuple(changes)[:1]
        self._update({key: value for key, value in changes.items() if key in first}, code)

    def _guarded(self, changes: Mapping[str, object], code: Path | None) -> dict[str, Any]:
        if self.state is None:
            why = "gone"
            raise refused(why)
        version, has = changes.get("version", self.state["version"]), self.state["version"]
        allowed = int(str(version)) > has if code is not None else version == has
        if not allowed:
            raise refused("same" if code is None else "larger")
        return self.state

    def _took_effect(self, code: Path | None) -> None:
        self.applied += 1
        self.uploads += code is not None
        self.unseen += self._fresh
        self._fresh = False

    def _bump(self, letter: str) -> None:
        assert self.state is not None
        self.state["version"] += 1
        marks = {TREE_DIGEST_NAME: digest(letter), TREE_VERSION_NAME: str(self.state["version"])}
        self.state["environmentVariables"] = {**self.state["environmentVariables"], **marks}
        self._touch()

    def _touch(self) -> None:
        assert self.state is not None
        self.state["lastModifiedTime"] = self.clock.now().isoformat()

    def _answer(self) -> RemotePlugin | None:
        if self.state is None:
            return None
        shown = dict(self.state)
        if self.hides_variables:
            del shown["environmentVariables"]
        return remote_plugin(shown)


def _loudly(apply: Callable[[], None]) -> None:
    apply()

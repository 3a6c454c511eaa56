"""What a command claimed, against what the local BioT really holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from sandbox.faults import FAULT_KINDS
from sandbox.faults.fault_list import ConcurrentChange
from tests.proof.operations import PLUGIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.faults import FaultedRequest, FaultKind
    from tests.proof.operations import Operation
    from tests.proof.world import BiotState, CommandRun

PASSING = frozenset({"creationTime", "lastModifiedTime", "endpointUrl", "linkToConsole", "fetched"})
UNKNOWN_FIELDS = frozenset({"aaaSinceNextRelease", "zzz"})
"""What the fault of this name adds; to show it is no lie."""


class Claim(StrEnum):
    """What a command says in the end."""

    DONE = "done"
    NOT_APPLIED = "nothing changed"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"
    NONE = "no ending that is one"


_CLAIMS = {"conflict": Claim.CONFLICT, "unknown": Claim.UNKNOWN}
NOTHING_CHANGED = frozenset(
    {"unreachable", "no-answer", "refused", "access", "not-applied", "not-found", "not-possible", "stale-plan"}
)
_DONE = frozenset({"done", "nothing-to-do", "changes"})


@dataclass(frozen=True, kw_only=True)
class Case:
    """One run, and what the same command does when nothing goes wrong."""

    operation: Operation
    ran: CommandRun
    met: Sequence[FaultKind]
    before: BiotState
    after: BiotState
    wanted: BiotState
    undisturbed: CommandRun

    @property
    def others(self) -> list[ConcurrentChange]:
        """What somebody else did to the plugin."""
        return [one for kind in self.met for one in (kind.before, kind.after) if one is not None]


def claim_of(ran: CommandRun) -> Claim:
    """The ending that a command reported by exit code and kind."""
    if ran.code in {0, 10}:
        return Claim.DONE
    kind = str(ran.document.get("kind"))
    if ran.code == 8 and kind in NOTHING_CHANGED:
        return Claim.NOT_APPLIED
    return _CLAIMS.get(kind, Claim.NONE) if ran.code == 8 else Claim.NONE


def wrong_about(case: Case) -> str:
    """Why the verdict is wrong; empty when it is right."""
    claim = claim_of(case.ran)
    if claim is Claim.NONE:
        return f"no verdict: exit {case.ran.code}, kind {case.ran.document.get('kind')}"
    if claim is Claim.DONE:
        return _wrong_success(case)
    if claim is Claim.NOT_APPLIED and not _is_as_before(case):
        return f"it says that nothing changed ({case.ran.document.get('kind')}), and something did"
    if claim is Claim.CONFLICT and not case.others:
        return "it says conflict, and nobody else was there"
    return ""


def double_uploads(case: Case) -> int:
    """How many times more than once the publisher's code took effect."""
    theirs = sum(one in {ConcurrentChange.CODE, ConcurrentChange.VERSION} for one in case.others)
    return max(0, case.after.version(PLUGIN) - case.before.version(PLUGIN) - theirs - 1)


def is_recoverable(met: FaultedRequest) -> bool:
    """Whether a client that does everything right gets over it; a log-in that is refused is refused."""
    refused_login = met.kind.startswith("token-") and met.path.endswith("/accessToken")
    return FAULT_KINDS[met.kind].recoverable and not refused_login


def _wrong_success(case: Case) -> str:
    if not case.operation.changes:
        same = _lasting(case.ran.document) == _lasting(case.undisturbed.document)
        return "" if case.others or same else "it shows something else than the local BioT has"
    if case.operation.field:
        have, want = (truth.plugins.get(PLUGIN, {}).get(case.operation.field) for truth in (case.after, case.wanted))
        if have != want and not _hidden(case):
            return f"it says done, and {case.operation.field} is {have}"
        return "" if case.others else _difference(case)
    return _difference(case)


def _difference(case: Case) -> str:
    if case.after.without_versions() == case.wanted.without_versions() or _hidden(case):
        return ""
    return f"it says done, and the local BioT has {case.after} instead of {case.wanted}"


def _hidden(case: Case) -> bool:
    """Whether BioT confirmed what was done, and only then somebody else changed it while no answer came through."""
    meddled = [at for at, kind in enumerate(case.met) if kind.after is not None]
    return bool(meddled) and any(kind.script is not None for kind in case.met[meddled[0] + 1 :])


def _is_as_before(case: Case) -> bool:
    if not case.others:
        return case.after == case.before
    if ConcurrentChange.DELETE in case.others and PLUGIN not in case.after.plugins:
        return True
    ours = case.wanted.plugins.get(PLUGIN, {}).get("code")
    had = case.before.plugins.get(PLUGIN, {}).get("code")
    return ours == had or case.after.plugins.get(PLUGIN, {}).get("code") != ours


def _lasting(value: object) -> object:
    """The same without what differs from run to run."""
    if isinstance(value, dict):
        return {key: _lasting(item) for key, item in value.items() if key not in PASSING | UNKNOWN_FIELDS}
    return [_lasting(item) for item in value] if isinstance(value, list) else value

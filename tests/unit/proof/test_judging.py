"""The judges of ``tox -e faults`` see what they are there for."""

from __future__ import annotations

import json

import pytest

from sandbox.faults import KINDS
from tests.proof.judging import Case, double_uploads, wrong_about
from tests.proof.operations import OPERATIONS, PLUGIN
from tests.proof.publishers import Race, Step, false_endings, lost_unseen
from tests.proof.world import Ran, Truth

BEFORE, WANTED = ("old", 1), ("new", 2)
DONE, REFUSED, CONFLICT = (0, "done"), (8, "refused"), (8, "conflict")


def truth(code: str, version: int) -> Truth:
    plugin = {"code": code, "version": version, "environmentVariables": {}, "enabledState": "ENABLED"}
    return Truth(plugins={PLUGIN: plugin}, rows=())


def case(ending: tuple[int, str], after: tuple[str, int], *kinds: str) -> Case:
    code, kind = ending
    ran = Ran(code=code, out=json.dumps({"kind": kind}), err="")
    return Case(
        operation=OPERATIONS[2],
        ran=ran,
        met=[KINDS[name] for name in kinds],
        before=truth(*BEFORE),
        after=truth(*after),
        wanted=truth(*WANTED),
        undisturbed=ran,
    )


@pytest.mark.parametrize(
    ("ending", "after", "kind"),
    [
        (DONE, WANTED, "reset-after-apply"),
        (DONE, ("new", 3), "other-code"),
        (REFUSED, BEFORE, "forbidden"),
        (CONFLICT, ("theirs", 2), "other-code"),
        ((8, "unknown"), WANTED, "hang-after-apply"),
    ],
)
def test_right_verdicts(ending: tuple[int, str], after: tuple[str, int], kind: str) -> None:
    assert wrong_about(case(ending, after, kind)) == ""


@pytest.mark.parametrize(
    ("ending", "after", "kind"),
    [
        (DONE, BEFORE, "reset-before-read"),
        (REFUSED, WANTED, "reset-after-apply"),
        (REFUSED, WANTED, "other-config"),
        (CONFLICT, BEFORE, "bad-gateway"),
        ((70, "bug"), WANTED, "deep-json"),
        ((8, "nonsense"), BEFORE, "bad-gateway"),
    ],
)
def test_wrong_verdicts(ending: tuple[int, str], after: tuple[str, int], kind: str) -> None:
    assert wrong_about(case(ending, after, kind))


@pytest.mark.parametrize(
    ("version", "kind", "doubles"), [(2, "unavailable", 0), (3, "unavailable", 1), (3, "other-code", 0)]
)
def test_code_that_took_effect_twice(version: int, kind: str, doubles: int) -> None:
    assert double_uploads(case(DONE, ("new", version), kind)) == doubles


def race(first: str, second: str, *, read_again: bool = False) -> Race:
    """Both read; the first publishes and reads back; then the second, which may have read again before."""
    old, ours, theirs = ({"displayName": name, "version": number} for number, name in enumerate(("", "Of 0", "Of 1")))
    again = [Step(who=1, reads=True, before=ours, after=ours)] if read_again else []
    return Race(
        wanted={0: ("displayName", "Of 0"), 1: ("displayName", "Of 1")},
        steps=[
            Step(who=0, reads=True, before=old, after=old),
            Step(who=1, reads=True, before=old, after=old),
            Step(who=0, reads=False, before=old, after=ours),
            Step(who=0, reads=True, before=ours, after=ours),
            *again,
            Step(who=1, reads=False, before=ours, after=theirs),
            Step(who=1, reads=True, before=theirs, after=theirs),
        ],
        verdicts={0: first, 1: second},
    )


def test_an_update_that_was_overwritten_unseen_is_found_unless_somebody_was_told() -> None:
    assert lost_unseen(race("done", "done"))
    assert lost_unseen(race("conflict", "done")) == []
    assert lost_unseen(race("done", "done", read_again=True)) == []


def test_who_says_done_has_read_what_was_wanted() -> None:
    assert false_endings(race("done", "done")) == []
    assert false_endings(race("unknown", "done")) == ["0 says unknown"]
    early = race("done", "done")
    del early.steps[-1]
    assert false_endings(early) == ["1 says done, and read displayName = "]

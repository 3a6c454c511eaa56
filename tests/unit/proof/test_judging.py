"""The judges of ``tox -e faults`` see what they are there for."""

from __future__ import annotations

import json

import pytest

from sandbox.faults import FAULT_KINDS
from tests.proof.judging import Case, double_uploads, wrong_about
from tests.proof.operations import OPERATIONS, PLUGIN
from tests.proof.world import BiotState, CommandRun

BEFORE, WANTED = ("old", 1), ("new", 2)
DONE, REFUSED, CONFLICT = (0, "done"), (8, "refused"), (8, "conflict")


def truth(code: str, version: int) -> BiotState:
    plugin = {"code": code, "version": version, "environmentVariables": {}, "enabledState": "ENABLED"}
    return BiotState(plugins={PLUGIN: plugin}, rows=())


def case(ending: tuple[int, str], after: tuple[str, int], *kinds: str) -> Case:
    code, kind = ending
    ran = CommandRun(code=code, out=json.dumps({"kind": kind}), err="")
    return Case(
        operation=OPERATIONS[2],
        ran=ran,
        met=[FAULT_KINDS[name] for name in kinds],
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

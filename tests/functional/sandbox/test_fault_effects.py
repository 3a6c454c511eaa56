"""Faults in which the platform itself or somebody else has a part, on a real local BioT."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.faults import FAULT_KINDS, FaultGate, FaultRule, Scenario
from sandbox.faults.concurrent_changes import OTHER_DIGEST, OTHER_MEMORY_MB
from tests.support.sandbox import running_sandbox
from tests.support.settings import CODE, MINIMAL, Settings, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = [{"entityTypeName": "device", "actionName": "_create"}]
CHANGE = {
    "displayName": "Ours",
    "subscriptions": {"interceptionOrder": None, "interceptions": [], "notifications": ROWS},
}


class Met:
    """A local BioT whose next request meets a fault."""

    def __init__(self, settings: Settings, gate: FaultGate) -> None:
        self.settings = settings
        self.gate = gate

    def next(self, kind: str) -> None:
        self.gate.play(Scenario(rules=(FaultRule(kind=FAULT_KINDS[kind], seconds=0.5),)))

    def now(self) -> dict[str, Any]:
        while self.gate.pending:
            time.sleep(0.01)
        answer: dict[str, Any] = self.settings.get().json()
        return answer


@pytest.fixture(scope="module")
def biot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Met]:
    with running_sandbox(tmp_path_factory.mktemp("biot"), faults=Scenario()) as sandbox:
        settings = settings_of(sandbox)
        assert sandbox.running.gate is not None
        yield Met(settings, sandbox.running.gate)
        settings.http.close()


@pytest.fixture
def met(biot: Met) -> Met:
    """With the minimal plugin in version 1."""
    biot.gate.play(Scenario())
    biot.settings.http.delete("/settings/v2/plugins/Plugin-age")
    assert biot.settings.create().status_code == 201
    return biot


def test_somebody_else_changes_settings_just_before(met: Met) -> None:
    met.next("other-config")
    answer = met.settings.patch(CHANGE)

    assert answer.status_code == 200
    assert (met.now()["memorySize"], met.now()["displayName"]) == (OTHER_MEMORY_MB, "Ours")


def test_somebody_else_publishes_just_before(met: Met) -> None:
    met.next("other-code")
    answer = met.settings.patch({"version": 2}, CODE)

    assert answer.json()["code"] == "PLUGIN_VERSION_MUST_BE_LARGER_WHEN_UPDATING_CODE"
    assert met.now()["environmentVariables"]["PLUGIN_TREE_DIGEST"] == OTHER_DIGEST


def test_somebody_else_creates_the_plugin_just_before(met: Met) -> None:
    met.settings.http.delete("/settings/v2/plugins/Plugin-age")
    met.next("other-code")
    answer = met.settings.create()

    assert answer.json()["code"] == "PLUGIN_EXISTS_BY_NAME"
    assert met.now()["displayName"] == "Somebody else's"


def test_somebody_else_publishes_just_after(met: Met) -> None:
    met.next("other-code-after")
    answer = met.settings.patch({"version": 2}, CODE)

    assert answer.json()["version"] == 2
    assert met.now()["version"] == 3


def test_a_question_leaves_nothing_to_be_changed_afterwards(met: Met) -> None:
    met.next("other-code-after")

    assert met.now()["version"] == met.now()["version"] == 1


@pytest.mark.parametrize("kind", ["deleted", "deleted-after"])
def test_somebody_else_deletes(met: Met, kind: str) -> None:
    met.next(kind)
    answer = met.settings.patch(CHANGE)

    assert answer.status_code == (404 if kind == "deleted" else 200)
    assert met.now()["code"] == "PLUGIN_NOT_FOUND"


def test_a_version_is_burnt(met: Met) -> None:
    met.next("version-burnt")
    answer = met.settings.patch({"version": 2}, CODE)

    assert answer.status_code == 500
    assert met.now()["version"] == 2
    assert met.settings.patch({"version": 2}, CODE).json()["details"] == {"currentVersion": 2, "requestVersion": 2}
    assert met.settings.patch({"version": 3}, CODE).json()["version"] == 3


def test_all_but_the_subscriptions_comes_through(met: Met) -> None:
    met.next("rollback-failed-partly")
    answer = met.settings.patch(CHANGE)

    assert answer.json()["code"] == "PLUGIN_ROLLBACK_FAILED"
    assert met.now()["displayName"] == "Ours"
    assert met.now()["subscriptions"]["notifications"] == []


def test_a_creation_comes_through_without_its_subscriptions(met: Met) -> None:
    met.settings.http.delete("/settings/v2/plugins/Plugin-age")
    met.next("rollback-failed-partly")
    answer = met.settings.create({**MINIMAL, "subscriptions": {"notifications": ROWS}})

    assert answer.status_code == 500
    assert met.now()["subscriptions"]["notifications"] == []


def test_an_answer_comes_before_the_effect(met: Met) -> None:
    met.next("gateway-timeout-late")
    answer = met.settings.patch(CHANGE)
    early = met.settings.get().json()

    assert answer.status_code == 504
    assert early["displayName"] == "Age"
    assert met.now()["displayName"] == "Ours"


def test_without_a_scenario_there_is_no_gate_and_no_header(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running_sandbox(tmp_path_factory.mktemp("plain")) as sandbox:
        assert sandbox.running.gate is None
        answer = sandbox.call("GET", "/settings/v1/system/properties", headers={"x-sandbox-fault": "bad-gateway"})

    assert answer.status == 200

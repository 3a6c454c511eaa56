"""Faults that involve the platform itself or another user, on a real local BioT."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.faults import FAULT_KINDS, FaultGate, FaultRule, Scenario
from sandbox.faults.concurrent_changes import OTHER_DIGEST, OTHER_MEMORY_MB
from tests.support.sandbox.running_sandbox import running_sandbox
from tests.support.sandbox.settings_client import CODE, MINIMAL, Settings, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = [{"entityTypeName": "device", "actionName": "_create"}]
CHANGE = {
    "displayName": "Ours",
    "subscriptions": {"interceptionOrder": None, "interceptions": [], "notifications": ROWS},
}


class FaultedBiot:
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
def biot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultedBiot]:
    with running_sandbox(tmp_path_factory.mktemp("biot"), faults=Scenario()) as sandbox:
        settings = settings_of(sandbox)
        assert sandbox.running.gate is not None
        yield FaultedBiot(settings, sandbox.running.gate)
        settings.http.close()


@pytest.fixture
def faulted(biot: FaultedBiot) -> FaultedBiot:
    """A local BioT with the minimal plugin in version 1."""
    biot.gate.play(Scenario())
    biot.settings.http.delete("/settings/v2/plugins/Plugin-age")
    assert biot.settings.create().status_code == 201
    return biot


def test_another_user_changes_settings_just_before(faulted: FaultedBiot) -> None:
    faulted.next("other-config")
    answer = faulted.settings.patch(CHANGE)

    assert answer.status_code == 200
    assert (faulted.now()["memorySize"], faulted.now()["displayName"]) == (OTHER_MEMORY_MB, "Ours")


def test_another_user_publishes_just_before(faulted: FaultedBiot) -> None:
    faulted.next("other-code")
    answer = faulted.settings.patch({"version": 2}, CODE)

    assert answer.json()["code"] == "PLUGIN_VERSION_MUST_BE_LARGER_WHEN_UPDATING_CODE"
    assert faulted.now()["environmentVariables"]["PLUGIN_TREE_DIGEST"] == OTHER_DIGEST


def test_another_user_creates_the_plugin_just_before(faulted: FaultedBiot) -> None:
    faulted.settings.http.delete("/settings/v2/plugins/Plugin-age")
    faulted.next("other-code")
    answer = faulted.settings.create()

    assert answer.json()["code"] == "PLUGIN_EXISTS_BY_NAME"
    assert faulted.now()["displayName"] == "Somebody else's"


def test_another_user_publishes_just_after(faulted: FaultedBiot) -> None:
    faulted.next("other-code-after")
    answer = faulted.settings.patch({"version": 2}, CODE)

    assert answer.json()["version"] == 2
    assert faulted.now()["version"] == 3


def test_a_read_request_is_not_followed_by_a_concurrent_change(faulted: FaultedBiot) -> None:
    faulted.next("other-code-after")

    assert faulted.now()["version"] == faulted.now()["version"] == 1


@pytest.mark.parametrize("kind", ["deleted", "deleted-after"])
def test_another_user_deletes_the_plugin(faulted: FaultedBiot, kind: str) -> None:
    faulted.next(kind)
    answer = faulted.settings.patch(CHANGE)

    assert answer.status_code == (404 if kind == "deleted" else 200)
    assert faulted.now()["code"] == "PLUGIN_NOT_FOUND"


def test_a_rollback_raises_only_the_version(faulted: FaultedBiot) -> None:
    faulted.next("version-burnt")
    answer = faulted.settings.patch({"version": 2}, CODE)

    assert answer.status_code == 500
    assert faulted.now()["version"] == 2
    assert faulted.settings.patch({"version": 2}, CODE).json()["details"] == {"currentVersion": 2, "requestVersion": 2}
    assert faulted.settings.patch({"version": 3}, CODE).json()["version"] == 3


def test_an_update_is_applied_except_its_subscriptions(faulted: FaultedBiot) -> None:
    faulted.next("rollback-failed-partly")
    answer = faulted.settings.patch(CHANGE)

    assert answer.json()["code"] == "PLUGIN_ROLLBACK_FAILED"
    assert faulted.now()["displayName"] == "Ours"
    assert faulted.now()["subscriptions"]["notifications"] == []


def test_a_creation_is_applied_except_its_subscriptions(faulted: FaultedBiot) -> None:
    faulted.settings.http.delete("/settings/v2/plugins/Plugin-age")
    faulted.next("rollback-failed-partly")
    answer = faulted.settings.create({**MINIMAL, "subscriptions": {"notifications": ROWS}})

    assert answer.status_code == 500
    assert faulted.now()["subscriptions"]["notifications"] == []


def test_a_request_takes_effect_after_its_response(faulted: FaultedBiot) -> None:
    faulted.next("gateway-timeout-late")
    answer = faulted.settings.patch(CHANGE)
    early = faulted.settings.get().json()

    assert answer.status_code == 504
    assert early["displayName"] == "Age"
    assert faulted.now()["displayName"] == "Ours"


def test_without_a_scenario_there_is_no_gate_and_no_header(tmp_path_factory: pytest.TempPathFactory) -> None:
    with running_sandbox(tmp_path_factory.mktemp("plain")) as sandbox:
        assert sandbox.running.gate is None
        answer = sandbox.call("GET", "/settings/v1/system/properties", headers={"x-sandbox-fault": "bad-gateway"})

    assert answer.status == 200

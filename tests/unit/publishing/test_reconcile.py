"""Every fault at every request, twice and three times over: no verdict says what is not so."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.manifest.model import Interception, InterceptionType, Subscriptions
from builder.network.verdict import Verdict
from builder.publishing.api.retry_policy import PublishPolicy
from builder.publishing.execution.reconcile import carry_out
from builder.publishing.failures import Unreachable
from builder.publishing.planning.plan import Create, Unchanged, Update
from builder.publishing.planning.planner import make_plan
from builder.publishing.planning.shifted_orders import find_shifts, keep_shifts
from tests.support.biot.model_biot import FAULTS, NETWORK_FAULTS, READ_FAULTS, ModelBiot, VirtualClock
from tests.support.biot.remote_plugins import as_table, desired_plugin, published
from tests.support.repetitions import exhaustive_after

if TYPE_CHECKING:
    from builder.publishing.planning.plan import DesiredPlugin
    from builder.publishing.records.outcome import PublishOutcome


def intercepting(order: int) -> Subscriptions:
    """One interception at an order."""
    row = Interception(type=InterceptionType.PRE_REQUEST, api_id="POST/organization/v1/users/patients", order=order)
    return Subscriptions(interceptions=(row,))


DESIRED_PLUGINS: dict[str, tuple[DesiredPlugin | None, DesiredPlugin]] = {
    "create": (None, desired_plugin("b")),
    "code": (desired_plugin("a"), desired_plugin("b")),
    "code and settings": (desired_plugin("a"), desired_plugin("b", memory_size=512, timeout=9)),
    "settings": (desired_plugin("b"), desired_plugin("b", memory_size=512, display_name="New")),
    "variables": (desired_plugin("b"), desired_plugin("b", environment_variables={"A_A": "1"})),
    "lower order": (
        desired_plugin("b", subscriptions=intercepting(50)),
        desired_plugin("b", subscriptions=intercepting(20)),
    ),
    "higher order": (
        desired_plugin("b", subscriptions=intercepting(10)),
        desired_plugin("b", subscriptions=intercepting(20)),
    ),
}
ORDERS = [frozenset[int](), frozenset({20}), frozenset({20, 21, 22})]
"""What others may have; every goal wants 20."""


def publish(
    operation: str, faults: list[str], read_faults: list[str], taken: frozenset[int] = frozenset()
) -> tuple[ModelBiot, PublishOutcome, DesiredPlugin]:
    before, desired = DESIRED_PLUGINS[operation]
    biot = ModelBiot(clock=VirtualClock(), taken=taken)
    if before is not None:
        biot.appear(published(before).fields)
    remote = biot.read(desired.name)
    if before is not None and remote is not None and "order" not in operation:
        desired = keep_shifts(desired, find_shifts(desired, remote))  # as `publish` does once it saw who has the order
    first = make_plan(desired, remote)
    assert isinstance(first, Create | Update)
    biot.faults, biot.read_faults = list(faults), list(read_faults)
    policy = PublishPolicy(chance=random.Random(str(faults)).random)  # noqa: S311 - the same waits every time
    return biot, carry_out(biot, desired, first, biot.clock, policy=policy), desired


def placed(desired: DesiredPlugin, biot: ModelBiot) -> DesiredPlugin:
    """The goal with the orders that the platform gives for those that are wanted."""
    table: dict[str, Any] = as_table(desired.settings["subscriptions"])
    rows = [{**row, "order": biot.place(row["order"])} if "order" in row else row for row in table["interceptions"]]
    return replace(desired, settings={**desired.settings, "subscriptions": {**table, "interceptions": rows}})


def hold_to_the_truth(biot: ModelBiot, outcome: PublishOutcome, desired: DesiredPlugin) -> None:
    """Ask the model what really happened."""
    biot.read_faults.clear()
    state = biot.read(desired.name)
    as_wanted = state is not None and isinstance(make_plan(placed(desired, biot), state), Unchanged)
    if outcome.verdict is Verdict.DONE:
        assert as_wanted or "could not be read back" in outcome.detail
        assert biot.applied or biot.others
    before = biot.applied
    biot.clock.sleep(10_000)  # whatever is on its way arrives
    if outcome.verdict is Verdict.NOT_APPLIED:
        assert (before, biot.applied) == (0, 0)
    if outcome.verdict is Verdict.DONE and biot.applied > before:
        assert "may still be applied" in outcome.detail
    if outcome.verdict is Verdict.CONFLICT:
        assert biot.others or biot.requests
        assert biot.applied == before
    assert biot.uploads <= 1
    assert biot.unseen == 0
    assert outcome.verdict is not Verdict.NOTHING_TO_DO


@pytest.mark.parametrize("taken", exhaustive_after(2, ORDERS), ids=["", "one", "three"])
@pytest.mark.parametrize("operation", DESIRED_PLUGINS)
@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault(operation: str, fault: str, taken: frozenset[int]) -> None:
    biot, outcome, desired = publish(operation, [fault], [], taken)

    hold_to_the_truth(biot, outcome, desired)
    if fault in NETWORK_FAULTS:
        assert outcome.verdict is Verdict.DONE, outcome
        assert biot.clock.seconds < 10_060
    kinds = {"invalid": "refused", "forbidden": "access", "bad code": "not-applied"}
    if fault in kinds:
        assert (outcome.verdict, outcome.requests) == (Verdict.NOT_APPLIED, 1)
        assert outcome.kind == kinds[fault]


@pytest.mark.parametrize("operation", exhaustive_after(3, DESIRED_PLUGINS))
def test_two_faults(operation: str) -> None:
    for faults in product(FAULTS, repeat=2):
        biot, outcome, desired = publish(operation, list(faults), [])
        hold_to_the_truth(biot, outcome, desired)
        if set(faults) <= set(NETWORK_FAULTS):
            assert outcome.verdict is Verdict.DONE, (faults, outcome)


@given(
    st.sampled_from(sorted(DESIRED_PLUGINS)),
    st.lists(st.sampled_from(FAULTS), max_size=7),
    st.lists(st.sampled_from([*READ_FAULTS, "", "", ""]), max_size=12),
    st.sampled_from(ORDERS),
)
def test_many_faults(operation: str, faults: list[str], read_faults: list[str], taken: frozenset[int]) -> None:
    biot, outcome, desired = publish(operation, faults, read_faults, taken)

    hold_to_the_truth(biot, outcome, desired)
    assert biot.clock.seconds < 10_700


@pytest.mark.parametrize(
    ("operation", "fault", "said"),
    [
        ("code", "other publishes before", "version 6 with code sha256:ffffffffffff"),
        ("code", "other publishes after", "version 7 with code sha256:ffffffffffff"),
        ("code", "console upload after, answer lost", "version 7"),
        ("settings", "other edits after", "Somebody else set timeout"),
        ("settings", "other edits before", "Somebody else set timeout"),
        ("settings", "other publishes before", "version 6"),
        ("code", "deleted before", "somebody deleted it"),
        ("create", "deleted after", "somebody deleted it"),
    ],
)
def test_a_conflict_names_the_current_state_and_overwrites_nothing(operation: str, fault: str, said: str) -> None:
    biot, outcome, _ = publish(operation, [fault], [])

    assert outcome.verdict is Verdict.CONFLICT
    assert said in outcome.detail
    assert outcome.hint
    assert biot.others == 1


def test_somebody_elses_plugin_of_the_same_name_is_left_alone() -> None:
    biot = ModelBiot(clock=VirtualClock())
    desired = desired_plugin("b")
    first = make_plan(desired, None)
    assert isinstance(first, Create)
    theirs = published(desired_plugin("c"), version=1)
    biot.appear(theirs.fields)

    outcome = carry_out(biot, desired, first, biot.clock)

    assert outcome.verdict is Verdict.CONFLICT
    assert biot.applied == 0


def test_the_same_release_by_somebody_else_counts_as_done() -> None:
    _, outcome, _ = publish("code", ["same release before"], [])

    assert outcome.verdict is Verdict.DONE


def test_other_code_under_our_version_is_never_taken_for_ours() -> None:
    """A lost request and an upload in the Console leave the very same traces, so nothing is overwritten."""
    for fault in ("version burnt", "console upload before"):
        biot, outcome, _ = publish("code", [fault], [])

        assert outcome.verdict in {Verdict.CONFLICT, Verdict.UNKNOWN}
        assert biot.applied == 0


@pytest.mark.parametrize("operation", DESIRED_PLUGINS)
def test_when_nothing_answers_any_more_the_outcome_says_so(operation: str) -> None:
    _, outcome, _ = publish(operation, ["lost before"] * 9, ["", *["no-answer"] * 99])

    assert outcome.verdict is Verdict.UNKNOWN
    assert "biot-plugin plan" in outcome.hint


@pytest.mark.parametrize("operation", DESIRED_PLUGINS)
def test_an_environment_that_cannot_be_reached_is_not_applied_and_says_why(operation: str) -> None:
    _, outcome, _ = publish(operation, ["unreachable"] * 9, ["unreachable"] * 99)

    assert (outcome.verdict, outcome.kind) == (Verdict.NOT_APPLIED, "unreachable")
    assert isinstance(outcome.cause, Unreachable)


@pytest.mark.parametrize("operation", DESIRED_PLUGINS)
def test_a_request_that_is_rolled_back_every_time_is_not_applied_after_three(operation: str) -> None:
    biot, outcome, desired = publish(operation, ["rolled back"] * 9, [])

    assert (outcome.verdict, outcome.kind, biot.requests) == (Verdict.NOT_APPLIED, "not-applied", 3)
    hold_to_the_truth(biot, outcome, desired)


def test_a_lost_request_before_a_rollback_keeps_the_outcome_unknown() -> None:
    biot, outcome, desired = publish("code", ["late 500", *["bad code"] * 9], [])

    assert outcome.verdict is Verdict.UNKNOWN
    hold_to_the_truth(biot, outcome, desired)


def test_requests_that_keep_getting_lost_are_unknown_because_the_last_may_arrive() -> None:
    biot, outcome, _ = publish("code", ["late 500"] * 9, [])

    assert outcome.verdict is Verdict.UNKNOWN
    biot.clock.sleep(10_000)
    assert biot.uploads == 1


@pytest.mark.parametrize(("operation", "arrives"), [("settings", True), ("code", False)])
def test_a_repeated_request_that_may_arrive_after_done_is_announced(operation: str, *, arrives: bool) -> None:
    """BioT refuses the late copy of an upload by its version; the late copy of settings undoes later changes."""
    biot, outcome, _ = publish(operation, ["late 500"], [])

    assert outcome.verdict is Verdict.DONE
    assert ("A copy of the request may still be applied" in outcome.detail) == arrives
    biot.other_edits()
    applied = biot.applied
    biot.clock.sleep(10_000)
    assert (biot.applied > applied) == arrives


def test_one_lost_response_leaves_nothing_to_announce() -> None:
    _, outcome, _ = publish("settings", ["lost after"], [])

    assert outcome.verdict is Verdict.DONE
    assert "may still" not in outcome.detail


def test_a_creation_that_keeps_getting_lost_is_described_in_a_sentence() -> None:
    _, outcome, _ = publish("create", ["late 500"] * 9, [])

    assert outcome.verdict is Verdict.UNKNOWN
    assert " UTC BioT had no such plugin. " in outcome.detail


def test_a_confirmation_counts_when_it_cannot_be_read_back() -> None:
    _, outcome, _ = publish("code", [], ["no-answer"] * 99)

    assert outcome.verdict is Verdict.DONE
    assert "could not be read back" in outcome.detail


def test_without_the_digest_the_version_does_not_resolve_a_lost_response() -> None:
    desired = desired_plugin("b", marked=False, version=6)
    endings = {
        "lost after": Verdict.UNKNOWN,
        "": Verdict.DONE,
        "lost before": Verdict.DONE,
        "console upload after": Verdict.CONFLICT,
        "console upload before": Verdict.CONFLICT,
    }
    for fault, verdict in endings.items():
        biot = ModelBiot(clock=VirtualClock(), faults=[fault])
        biot.appear(published(desired_plugin("a", marked=False), by_kit=False).fields)
        first = make_plan(desired, biot.read(desired.name))
        assert isinstance(first, Update)

        outcome = carry_out(biot, desired, first, biot.clock)

        assert outcome.verdict is verdict, fault


@pytest.mark.parametrize(("fault", "verdict"), [("", Verdict.DONE), ("lost after", Verdict.UNKNOWN)])
def test_a_confirmation_without_variables_is_accepted(fault: str, verdict: Verdict) -> None:
    biot = ModelBiot(clock=VirtualClock(), hides_variables=True, faults=[fault])
    first = make_plan(desired_plugin("b"), None)
    assert isinstance(first, Create)

    assert carry_out(biot, desired_plugin("b"), first, biot.clock).verdict is verdict
    assert biot.uploads == 1


@pytest.mark.parametrize("happens", ["other_edits", "other_publishes", "console_upload", "delete"])
def test_settings_are_read_again_right_before_they_are_sent(happens: str) -> None:
    biot = ModelBiot(clock=VirtualClock())
    biot.appear(published(desired_plugin("b")).fields)
    desired = desired_plugin("b", memory_size=512)
    first = make_plan(desired, biot.read(desired.name))
    assert isinstance(first, Update)
    getattr(biot, happens)()  # while the journal was being written

    outcome = carry_out(biot, desired, first, biot.clock)

    assert (outcome.verdict, outcome.requests, biot.requests) == (Verdict.CONFLICT, 0, 0)


def test_settings_that_cannot_be_read_again_are_not_sent() -> None:
    biot = ModelBiot(clock=VirtualClock())
    biot.appear(published(desired_plugin("b")).fields)
    desired = desired_plugin("b", memory_size=512)
    first = make_plan(desired, biot.read(desired.name))
    assert isinstance(first, Update)
    biot.read_faults = ["unreachable"]
    outcome = carry_out(biot, desired, first, biot.clock)

    assert (outcome.verdict, outcome.kind, biot.requests) == (Verdict.NOT_APPLIED, "unreachable", 0)
    assert "Nothing was sent" in outcome.detail

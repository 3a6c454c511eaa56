"""Repeatable changes: the outcome after every sequence of lost, refused and confirmed requests."""

from __future__ import annotations

from itertools import product

import pytest

from builder.errors import PublishError
from builder.publishing.failures import AccessDenied, Conflict, NoAnswer, OutcomeUnknown, Refused, Unreachable
from builder.publishing.remote.idempotent_retries import apply_change
from tests.support.biot.virtual_time import VirtualClock

SENT = ("confirmed", "lost-applied", "lost", "late", "unreached", "refused", "busy", "denied")
LOOKS = ("true", "unanswered")


class Platform:
    """Applies the given changes at the given requests; ``late`` takes effect one request later."""

    def __init__(self, sendings: tuple[str, ...], looks: tuple[str, ...]) -> None:
        self.sendings, self.looks = list(sendings), list(looks)
        self.applied = False
        self.pending = False
        self.sent = 0

    def send(self) -> None:
        self.sent += 1
        self.applied = self.applied or self.pending
        how = self.sendings.pop(0) if self.sendings else "confirmed"
        if how in {"confirmed", "lost-applied"}:
            self.applied = True
        self.pending = self.pending or how == "late"
        if how in {"lost", "lost-applied", "late"}:
            raise OutcomeUnknown(how)
        if how == "unreached":
            raise Unreachable(how)
        if how in {"refused", "busy"}:
            raise Refused(how, status=429 if how == "busy" else 400, code="C")
        if how == "denied":
            raise AccessDenied(how)

    def in_place(self) -> bool:
        how = self.looks.pop(0) if self.looks else ""
        if how == "unanswered":
            raise NoAnswer(how)
        return self.applied


@pytest.mark.parametrize("sendings", list(product(SENT, repeat=2)), ids="-".join)
@pytest.mark.parametrize("looks", list(product(LOOKS, repeat=2)), ids="-".join)
def test_no_claim_is_wrong(sendings: tuple[str, ...], looks: tuple[str, ...]) -> None:
    client = Platform(sendings, looks)

    try:
        apply_change(client.send, client.in_place, VirtualClock(), what="it is so")
    except OutcomeUnknown:
        assert any(how.startswith("lost") or how == "late" for how in sendings[: client.sent])
    except PublishError:
        assert not client.applied
        assert not client.pending
    else:
        assert client.applied


def test_a_confirmed_change_that_is_not_in_place_is_a_conflict() -> None:
    clock = VirtualClock()

    with pytest.raises(Conflict):
        apply_change(lambda: None, lambda: False, clock, what="it is so")

    assert clock.waits == [0.0, 0.5, 1.5]


def test_retries_end_and_the_lost_request_is_reported() -> None:
    client = Platform(("unreached", "lost", *["unreached"] * 9), ())

    with pytest.raises(OutcomeUnknown):
        apply_change(client.send, client.in_place, VirtualClock(), what="it is so")

    assert client.sent == 5


def test_an_interrupt_says_that_the_change_may_have_been_applied() -> None:
    def send() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="may have been applied"):
        apply_change(send, lambda: True, VirtualClock(), what="it is so")

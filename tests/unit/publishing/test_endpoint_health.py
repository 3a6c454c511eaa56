"""What an endpoint's answer to a forged token means."""

from __future__ import annotations

import pytest

from builder.publishing.own_endpoint.endpoint_health import RefusalAnswer, judge_forged
from builder.publishing.remote.health import HealthState


@pytest.mark.parametrize(
    ("status", "code", "state", "words"),
    [
        (200, "", HealthState.PROBLEM, "accepts a forged token"),
        (302, "", HealthState.PROBLEM, "accepts a forged token"),
        (401, "TOKEN_NOT_VALID", HealthState.OK, "has BioT's public key"),
        (403, "", HealthState.OK, "refuses a forged token."),
        (503, "PUBLIC_KEY_NOT_AVAILABLE", HealthState.PROBLEM, "cannot reach BioT's public key"),
        (500, "CONFIGURATION_MISSING", HealthState.PROBLEM, "is not configured"),
        (404, "", HealthState.WARNING, "with 404"),
    ],
)
def test_an_answer_to_a_forged_token_is_judged(status: int, code: str, state: HealthState, words: str) -> None:
    check = judge_forged(RefusalAnswer(status=status, code=code))
    assert check.state is state
    assert words in check.message
    assert bool(check.hint) == (state is not HealthState.OK)

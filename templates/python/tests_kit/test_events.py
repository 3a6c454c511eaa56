"""Every example event of this plugin goes through the real handler and your own ``perform``."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

import index
from plugin.context import Context
from plugin.errors import PluginError
from plugin.hook import Hook
from plugin.hooks import HOOKS
from tests.support import events
from tests.support.fake_biot import FakeBiot
from tests_kit.expect import ERROR_KEYS, always_differences

OPEN = "nonspecific" in HOOKS and not HOOKS["nonspecific"].require_token
WITH_TOKEN = [name for name in events.NAMES if not (OPEN and events.is_direct(name))]


@dataclass
class Performed:
    """How ``perform`` ended: with an answer, with a refusal, or with an error that nothing caught."""

    answers: list[object] = field(default_factory=list)
    refusals: list[PluginError] = field(default_factory=list)
    crashes: list[Exception] = field(default_factory=list)

    def watch(self, hook: Hook) -> Hook:
        def perform(data: Any, context: Context) -> object:
            try:
                answer = hook.perform(data, context)
            except PluginError as refusal:
                self.refusals.append(refusal)
                raise
            except Exception as crash:
                self.crashes.append(crash)
                raise
            self.answers.append(answer)
            return answer

        return replace(hook, perform=perform)

    def status(self) -> int:
        """Return the status that the caller must get: the author's own, or 200."""
        if self.refusals:
            return self.refusals[0].status
        [answer] = self.answers
        own = answer.get("statusCode") if isinstance(answer, dict) else None
        return own if type(own) is int else 200


@pytest.fixture
def performed(monkeypatch: pytest.MonkeyPatch) -> Performed:
    performed = Performed()
    for name, hook in list(HOOKS.items()):
        monkeypatch.setitem(HOOKS, name, performed.watch(hook))
    return performed


@pytest.mark.usefixtures("biot")
@pytest.mark.parametrize("name", events.NAMES)
def test_the_example_event_is_answered_as_perform_wants(name: str, performed: Performed) -> None:
    """Change the answer or refuse as you like: only a crash and what BioT cannot read are errors."""
    answer = index.handler(events.example(name), None)

    if performed.crashes:
        raise performed.crashes[0]
    assert always_differences(answer, "", "") == []
    assert len(performed.answers) + len(performed.refusals) == 1, f"perform was not called: {answer}"
    assert answer["statusCode"] == performed.status(), answer
    if performed.refusals:
        body = json.loads(answer["body"])
        assert (list(body), body["code"]) == (ERROR_KEYS, performed.refusals[0].code)


@pytest.mark.parametrize("name", WITH_TOKEN)
def test_without_its_token_the_example_event_is_refused(name: str, biot: FakeBiot) -> None:
    event = events.example(name, token="")
    if events.is_cron(event):
        event["requestContext"] = {}  # what makes it an HTTP request, and not an event of the schedule

    answer = index.handler(event, None)

    assert answer["statusCode"] == 401
    assert json.loads(answer["body"])["code"] == "NO_TOKEN"
    assert biot.counts["public-key"] == 0

"""A recorded call as a command, as curl, and as a test for the plugin. No I/O."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.event_files.saved_events import event_name, is_savable
from sandbox.hooks.rules.api_messages import json_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWN_HEADERS = frozenset({"accept-language", "allow-interception", "content-type"})
"""The headers that say what is asked for; all others belong to the connection, the trace or the caller."""


_PYTHON_TEST = '''\
"""`{command}` writes its event."""

import pytest

import index
from tests.support import events


@pytest.mark.usefixtures("biot")
def test_{name}() -> None:
    answer = index.handler(events.example("{name}"), None)

    assert answer["statusCode"] == {status}
'''
_JAVASCRIPT_TEST = """\
// `{command}` writes its event.
import assert from "node:assert/strict";
import {{ test }} from "node:test";
import * as events from "./support/events.js";
import {{ startPlugin }} from "./support/plugin.js";

test("{name}", async (t) => {{
  const {{ handler }} = await startPlugin(t);

  const answer = await handler(events.example("{name}"));

  assert.equal(answer.statusCode, {status});
}});
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class CopiedCall:
    """What a button copies: its label, and the text."""

    label: str
    text: str


def copied_calls(chain: Mapping[str, Any], base_url: str) -> tuple[CopiedCall, ...]:
    """A call in every form in which it can be repeated outside of the console.

    Args:
        chain: As the activity has it.
        base_url: The address of the local BioT.
    """
    forms = [CopiedCall(label="Copy as command", text=_command(chain))]
    if chain["kind"] in {"api", "direct"}:
        forms.append(CopiedCall(label="Copy as curl", text=_curl(chain, base_url)))
    for step in chain["steps"]:
        if is_savable(step):
            forms.append(CopiedCall(label="Copy as test", text=_test(chain, step)))
            break
    return tuple(forms)


def _command(chain: Mapping[str, Any]) -> str:
    """The trigger that sends the same; what a trigger cannot send is replayed by its number."""
    if chain["kind"] != "api":
        return f"biot-plugin replay {chain['number']}"
    method, _, path = chain["title"].partition(" ")
    body = _body(chain)
    return shlex.join(["biot-plugin", "trigger", f"{method}{path}", *(["--data", body] if body else [])])


def _curl(chain: Mapping[str, Any], base_url: str) -> str:
    """A curl command. ``$TOKEN`` is an access token: recorded calls have none."""
    method, _, path = chain["title"].partition(" ")
    parts = ["curl", "--silent", "--show-error", "--request", method, base_url + path]
    for name, value in chain["request"]["headers"].items():
        if name in _OWN_HEADERS:
            parts += ["--header", f"{name}: {value}"]
    if body := _body(chain):
        parts += ["--data-raw", body]
    token = ' --header "authorization: Bearer $TOKEN"' if chain["kind"] == "api" else ""
    return shlex.join(parts) + token


def _test(chain: Mapping[str, Any], step: Mapping[str, Any]) -> str:
    """A test that calls the plugin with the saved event, in the language of the plugin that ran."""
    name, status = event_name(chain, step), step["response"]["status"] if step["response"] else 200
    runtime = str((step.get("function") or {}).get("runtime", ""))
    template = _JAVASCRIPT_TEST if runtime.startswith("nodejs") else _PYTHON_TEST
    return template.format(command=f"biot-plugin activity save {chain['number']}", name=name, status=status)


def _body(chain: Mapping[str, Any]) -> str:
    body = chain["request"]["body"]
    if body is None or isinstance(body, str):
        return body or ""
    return json_bytes(body).decode()

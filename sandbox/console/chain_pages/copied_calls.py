"""A recorded call as a command, as curl, and as a test for the plugin. No I/O."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.event_files.saved_events import answered_status, event_name, is_savable
from sandbox.event_files.saved_tests import saved_test
from sandbox.hooks.rules.api_messages import json_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWN_HEADERS = frozenset({"accept-language", "allow-interception", "content-type"})
"""The headers that say what is asked for; all others belong to the connection, the trace or the caller."""


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
    runtime = str((step.get("function") or {}).get("runtime", ""))
    name, status = event_name(chain, step), answered_status(step)
    return saved_test(name, status, chain["number"], javascript=runtime.startswith("nodejs"))


def _body(chain: Mapping[str, Any]) -> str:
    body = chain["request"]["body"]
    if body is None or isinstance(body, str):
        return body or ""
    return json_bytes(body).decode()

"""A test that calls a plugin with a saved event, for the tests of a generated plugin. No I/O."""

from __future__ import annotations

_PYTHON = '''\
"""`biot-plugin activity save {number}` wrote its event."""

import pytest

import index
from tests.support import events


@pytest.mark.usefixtures("biot")
def test_{function}() -> None:
    answer = index.handler(events.example("{name}"), None)

    assert answer["statusCode"] == {status}
'''
_JAVASCRIPT = """\
// `biot-plugin activity save {number}` wrote its event.
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


def saved_test(name: str, status: int, number: int, *, javascript: bool) -> str:
    """The text of a test.

    Args:
        name: Of the event, without its suffix.
        status: What the plugin answered.
        number: Of the recorded call.
        javascript: Whether the plugin is written in JavaScript; otherwise in Python.
    """
    template = _JAVASCRIPT if javascript else _PYTHON
    return template.format(name=name, status=status, number=number, function=name.replace("-", "_"))

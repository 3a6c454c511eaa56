from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sandbox.faults import alterations
from sandbox.faults.socket_steps import CompleteResponse

if TYPE_CHECKING:
    from collections.abc import Callable

PLUGIN = {
    "name": "Plugin-one",
    "version": 3,
    "environmentVariables": {"A": "1"},
    "subscriptions": {"interceptions": [{}]},
}
ANSWERED = CompleteResponse(body=json.dumps(PLUGIN).encode())


def test_unknown_keys_are_added_everywhere_except_to_the_variables() -> None:
    document = json.loads(alterations.unknown_fields(ANSWERED).body)

    assert document.items() >= {"name": "Plugin-one", "version": 3, "environmentVariables": {"A": "1"}}.items()
    assert "zzz" in document["subscriptions"]["interceptions"][0]


def test_the_last_of_two_duplicate_keys_has_the_real_value() -> None:
    altered = alterations.duplicate_keys(ANSWERED).body

    assert json.loads(altered) == PLUGIN
    assert altered.count(b'"version"') == 2


def test_every_value_changes_its_type() -> None:
    document = json.loads(alterations.wrong_types(ANSWERED).body)

    assert [type(document[key]) for key in PLUGIN] == [int, dict, list, list]


@pytest.mark.parametrize(
    "change", [alterations.wrong_shape, alterations.not_a_number, alterations.another_plugin, alterations.deep]
)
def test_other_alterations_change_the_body(change: Callable[[CompleteResponse], CompleteResponse]) -> None:
    altered = change(ANSWERED).body

    assert altered.startswith((b"[", b'{"name": "Plugin-somebody', b'{"name": "Plugin-one", "version": NaN'))
    assert altered != ANSWERED.body


@pytest.mark.parametrize("change", [alterations.unknown_fields, alterations.wrong_types, alterations.duplicate_keys])
def test_a_response_without_json_is_unchanged(change: Callable[[CompleteResponse], CompleteResponse]) -> None:
    assert change(CompleteResponse(status=204)) == CompleteResponse(status=204)

"""Two plugins on BioT are compared in both directions, and no difference is claimed that nobody knows."""

from __future__ import annotations

from typing import Any

import pytest

from builder.publishing.api_values import RemotePlugin
from builder.publishing.planning.compared_plugins import PluginComparison, compare_plugins
from builder.publishing.planning.differences import DEFAULTS, ChangeSign

DIGESTS = ["sha256:" + letter * 64 for letter in "ab"]
PRE = {"type": "PRE_REQUEST", "apiId": "POST/organization/v1/users/patients", "order": 5}


def remote(**fields: Any) -> RemotePlugin:  # noqa: ANN401 - whatever BioT answers
    digest = fields.pop("digest", DIGESTS[0])
    variables = {**fields.pop("variables", {}), **({"PLUGIN_TREE_DIGEST": digest} if digest else {})}
    everything = {"displayName": "A", "runtime": "python3.13", **fields, "environmentVariables": variables}
    return RemotePlugin(name="a", full_name="Plugin-a", display_name="A", version=1, fields=everything)


def lines(comparison: PluginComparison) -> list[tuple[str, str, str, str]]:
    return [(change.sign.value, change.field, change.old, change.new) for change in comparison.changes]


def test_a_plugin_equals_itself_with_and_without_its_defaults() -> None:
    same = PluginComparison(changes=(), same_code=True)
    explicit = remote(
        **{name: DEFAULTS[name] for name in ("timeout", "memorySize", "ephemeralStorage", "enabledState")}
    )
    assert compare_plugins(remote(), remote()) == same
    assert compare_plugins(remote(), explicit) == compare_plugins(explicit, remote()) == same


@pytest.mark.parametrize(
    ("first", "second", "line"),
    [
        ({"memorySize": 256}, {"memorySize": 512}, ("~", "memorySize", "256", "512")),
        ({"cronSchedule": "0 2 * * ? *"}, {}, ("-", "cronSchedule", "0 2 * * ? *", "")),
        ({}, {"cronSchedule": "0 2 * * ? *"}, ("+", "cronSchedule", "", "0 2 * * ? *")),
        ({"enabledState": "DISABLED"}, {}, ("~", "enabledState", "DISABLED", "ENABLED")),
        ({"variables": {"A": "1"}}, {}, ("-", "environmentVariables.A", "", "")),
        ({"variables": {"A": "1"}}, {"variables": {"A": "2"}}, ("~", "environmentVariables.A", "", "")),
        (
            {"subscriptions": {"interceptions": [PRE]}},
            {"subscriptions": {"interceptions": [{**PRE, "order": 9}]}},
            (
                "~",
                "subscriptions.interceptions",
                "PRE_REQUEST POST/organization/v1/users/patients, order 5",
                "PRE_REQUEST POST/organization/v1/users/patients, order 9",
            ),
        ),
        (
            {"subscriptions": {"notifications": [{"entityTypeName": "device", "actionName": "_create"}]}},
            {},
            ("-", "subscriptions.notifications", "device _create", ""),
        ),
        ({"subscriptions": {"interceptionOrder": 7}}, {}, ("-", "subscriptions.interceptionOrder", "7", "")),
        ({"digest": DIGESTS[0]}, {"digest": DIGESTS[1]}, ("~", "code", DIGESTS[0], DIGESTS[1])),
        ({"deploymentPackageType": "IMAGE"}, {}, ("~", "deploymentPackageType", "IMAGE", "ZIP")),
        (
            {"cors": {"allowOrigins": ["https://a.example"]}},
            {"cors": {"allowOrigins": ["https://b.example"]}},
            ("~", "cors.allowOrigins", "https://a.example", "https://b.example"),
        ),
    ],
)
def test_a_difference_is_one_line(first: dict[str, Any], second: dict[str, Any], line: tuple[str, ...]) -> None:
    assert line in lines(compare_plugins(remote(**first), remote(**second)))


def test_the_other_direction_has_the_opposite_signs() -> None:
    first = remote(cronSchedule="0 2 * * ? *", variables={"A": "1"}, subscriptions={"interceptions": [PRE]})
    there, back = compare_plugins(first, remote()), compare_plugins(remote(), first)
    opposite = {ChangeSign.ADD: ChangeSign.REMOVE, ChangeSign.REMOVE: ChangeSign.ADD}
    assert {(opposite[change.sign], change.field) for change in there.changes} == {
        (change.sign, change.field) for change in back.changes
    }


@pytest.mark.parametrize("digests", [(None, DIGESTS[0]), (DIGESTS[0], None), (None, None)])
def test_code_without_a_digest_is_unknown_and_no_difference(digests: tuple[str | None, str | None]) -> None:
    compared = compare_plugins(remote(digest=digests[0]), remote(digest=digests[1]))
    assert compared == PluginComparison(changes=(), same_code=None)

"""The console's settings and plugin.toml: after writing, both agree, and comments are still there."""

from __future__ import annotations

import random
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from builder.manifest import parse, render_config
from builder.publishing.planning.differences import compare
from sandbox.plugin_files.settings_drift import find_drift
from sandbox.plugin_files.toml_edits import edited_toml
from tests.support.repetitions import exhaustive_after

if TYPE_CHECKING:
    from collections.abc import Callable

FILE = Path("/plugins/age/plugin.toml")
TODAY = date(2026, 11, 29)
EDITS = (40, 250)
"""For each way of writing the file; there are four, so 1,000 edits together."""

TABLES = """\
#:schema ./plugin.schema.json
[plugin]                    # what BioT receives
name = "age"                # never changes
displayName = "Age"
version = 3
runtime = "python3.13"

# enough for the model
memorySize = 256            # MB

[plugin.environmentVariables]
# how much is logged
LEVEL = "info"

# the first subscription
[[plugin.subscriptions.notifications]]
entityTypeName = "patient"  # people
actionName = "_create"

# the second subscription
[[plugin.subscriptions.notifications]]
entityTypeName = "device"
actionName = "_update"

# how it is built
[build]
root = "src"
"""
INLINE = """\
# everything in one table
[plugin]
name = "age"
displayName = "Age"         # for people
version = 3
runtime = "python3.13"
environmentVariables = { LEVEL = "info" }
subscriptions = { interceptionOrder = 5, interceptions = [ { type = "ADAPT_ENTITY", entityTypeName = "patient" } ] }
cors = { allowOrigins = ["https://a.example.com"] }   # one origin
# the end
"""
DOTTED = """\
[plugin]
name = "age"
displayName = "Age"
version = 3                 # dotted keys
runtime = "python3.13"
cors.allowOrigins = ["*"]
environmentVariables.LEVEL = "info"
subscriptions.notifications = [
    { entityTypeName = "patient", actionName = "_create" },
    { entityTypeName = "device", actionName = "_create" },
]
# after the list

[build]
root = "src"                # the sources
"""
OVERRIDES = """\
[plugin]
name = "age"
displayName = "Age"
version = 3
runtime = "python3.13"
enabledState = "DISABLED"   # switched on by hand
timeout = 10

[build]
root = "src"

# the tables of the plugin go on here
[plugin.cors]
allowMethods = ["GET"]

[environments.local]        # this machine
timeout = 900

[environments.local.environmentVariables]
LEVEL = "debug"             # here only

[environments.production]
baseUrl = "https://api.example.com"
timeout = 20
"""
OF_DELETED_LINES = {"# people", "# the second subscription", "# here only"}
"""Comments that go with a row or a variable that was deleted."""
FORMS = {"tables": TABLES, "inline": INLINE, "dotted": DOTTED, "overrides": OVERRIDES}


def config_of(text: str) -> dict[str, Any]:
    """The configuration that the local BioT has after this file was published."""
    config = render_config(parse(text, file=FILE, environment="local", today=TODAY).manifest.plugin)
    return {"enabledState": "ENABLED", "subscriptions": {}, **config}


def _row(choose: random.Random) -> dict[str, object]:
    return choose.choice(
        [
            {"entityTypeName": "patient", "actionName": choose.choice(["_create", "_update"])},
            {"entityTypeName": "device", "actionName": choose.choice(["_create", "_update"])},
            {"entityTypeName": "patient", "actionName": "_delete", "templateName": choose.choice(["a", 'b "c"'])},
        ]
    )


def _interception(choose: random.Random) -> dict[str, object]:
    row: dict[str, object] = choose.choice(
        [
            {"type": "ADAPT_ENTITY", "entityTypeName": choose.choice(["patient", "device"])},
            {"type": choose.choice(["PRE_REQUEST", "POST_REQUEST"]), "apiId": "POST/device/v2/devices"},
            {"type": "PRE_REQUEST", "apiId": "POST/organization/v1/users/caregivers/templates/nurse"},
        ]
    )
    return {**row, "order": choose.randint(1, 99)} if choose.random() < 0.5 else row


def _rows(
    make: Callable[[random.Random], dict[str, object]], before: list[Any], choose: random.Random
) -> list[dict[str, object]]:
    rows = [*before, make(choose)] if choose.random() < 0.6 else before[1:]
    choose.shuffle(rows)
    found: dict[str, dict[str, object]] = {}
    for row in rows:
        found.setdefault(str({key: value for key, value in row.items() if key != "order"}), row)
    return list(found.values())


def _variables(before: dict[str, str], choose: random.Random) -> dict[str, str]:
    name = choose.choice(["LEVEL", "URL", "A_B"])
    kept = {key: value for key, value in before.items() if key != name}
    return {**kept, name: choose.choice(["x", 'quote"s', "ü = #", "line\nline"])} if choose.random() < 0.6 else kept


def _subscriptions(before: dict[str, Any], choose: random.Random) -> dict[str, Any]:
    makers = {"notifications": _row, "interceptions": _interception}
    name = choose.choice([*makers, "interceptionOrder"])
    if name in makers:
        return {**before, name: _rows(makers[name], before.get(name, []), choose)}
    rest = {key: value for key, value in before.items() if key != name}
    return {**rest, name: choose.randint(1, 99)} if choose.random() < 0.5 else rest


VALUES: dict[str, list[Any]] = {
    "displayName": ["Age", "Bee"],
    "memorySize": [128, 1024],
    "timeout": [3, 60, 900],
    "cors": [{"allowOrigins": ["*"]}, {"allowOrigins": ["https://b.example.com", "https://c.example"]}],
}


def edited(config: dict[str, Any], choose: random.Random) -> dict[str, Any]:
    """What somebody may do in the console."""
    name = choose.choice([*VALUES, "environmentVariables", "subscriptions", "subscriptions", "cronSchedule"])
    if name == "environmentVariables":
        return {**config, name: _variables(config[name], choose)}
    if name == "subscriptions":  # only a plugin without subscriptions may have a schedule
        rest = {key: value for key, value in config.items() if key != "cronSchedule"}
        return {**rest, name: _subscriptions(config[name], choose)}
    if name == "cronSchedule":
        return {**config, "subscriptions": {}, name: f"{choose.randint(0, 59)} 8 * * ? *"}
    value = choose.choice(VALUES[name])
    return {**config, name: {**config[name], **value} if isinstance(value, dict) else value}


@pytest.mark.parametrize("form", FORMS)
def test_a_published_file_has_no_drift(form: str) -> None:
    assert find_drift(tomllib.loads(FORMS[form]), config_of(FORMS[form])) == ()


@pytest.mark.parametrize("edits", exhaustive_after(1, EDITS))
@pytest.mark.parametrize("form", FORMS)
def test_random_edits_of_the_console_leave_no_drift(form: str, edits: int) -> None:
    choose, text = random.Random(form), FORMS[form]  # noqa: S311 - a test
    config, changes = config_of(text), 0

    for _ in range(edits):
        config = edited(config, choose)
        drift = find_drift(tomllib.loads(text), config)
        changes += bool(drift)
        text = edited_toml(text, drift)
        assert find_drift(tomllib.loads(text), config) == (), text
        manifest = parse(text, file=FILE, environment="local", today=TODAY).manifest
        assert compare(render_config(manifest.plugin), config) == (), text

    assert changes > edits // 3
    kept = set(re.findall(r"#.*", FORMS[form])) - OF_DELETED_LINES
    assert kept <= set(re.findall(r"#.*", text))


def test_only_the_changed_lines_change() -> None:
    config = config_of(TABLES)
    config["memorySize"] = 512
    config["subscriptions"]["notifications"].pop(0)

    text = edited_toml(TABLES, find_drift(tomllib.loads(TABLES), config))

    removed = [line for line in TABLES.splitlines() if line not in text.splitlines()]
    assert removed == [
        "memorySize = 256            # MB",
        'entityTypeName = "patient"  # people',
        'actionName = "_create"',
    ]
    assert "memorySize = 512            # MB" in text
    assert "# the second subscription" in text
    assert text.index("# the first subscription") < text.index("# how it is built") < text.index("[build]")


def test_a_setting_that_the_local_environment_overrides_is_changed_there() -> None:
    config = config_of(OVERRIDES)
    config["timeout"] = 100
    config["environmentVariables"] = {"LEVEL": "error", "NEW": "1"}

    document = tomllib.loads(edited_toml(OVERRIDES, find_drift(tomllib.loads(OVERRIDES), config)))

    assert document["plugin"]["timeout"] == 10
    assert document["environments"]["production"]["timeout"] == 20
    assert document["environments"]["local"]["timeout"] == 100
    assert document["environments"]["local"]["environmentVariables"] == {"LEVEL": "error"}
    assert document["plugin"]["environmentVariables"] == {"NEW": "1"}


def test_variables_of_biot_and_of_the_kit_and_an_unwritten_state_are_not_settings() -> None:
    config = {**config_of(TABLES), "enabledState": "DISABLED"}
    config["environmentVariables"] |= {"BIOT_BASE_URL": "http://127.0.0.1", "PLUGIN_TREE_DIGEST": "sha256:0"}

    assert find_drift(tomllib.loads(TABLES), config) == ()


def test_line_ends_of_windows_stay() -> None:
    text = TABLES.replace("\n", "\r\n")
    config = {**config_of(text), "memorySize": 512}

    assert edited_toml(text, find_drift(tomllib.loads(text), config)).count("\n") == text.count("\r\n")

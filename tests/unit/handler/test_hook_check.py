"""Subscriptions compared with the hooks in a plugin's own files."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.bundle.source_files import SourceFile
from builder.errors import Severity
from builder.handler.hook_check import HOOKS, check_hooks
from builder.manifest import Manifest, parse

if TYPE_CHECKING:
    from builder.manifest.finding import Finding

PLUGIN = '[plugin]\nname = "a"\ndisplayName = "A"\nversion = 1\nruntime = "{runtime}"\n'
RUNTIMES = {"python3.13": ".py", "nodejs22.x": ".js"}
SUBSCRIPTIONS = {
    "PRE_REQUEST": '[[{table}.subscriptions.interceptions]]\ntype = "PRE_REQUEST"\napiId = "POST/a"\n',
    "POST_REQUEST": '[[{table}.subscriptions.interceptions]]\ntype = "POST_REQUEST"\napiId = "POST/a"\n',
    "ADAPT_ENTITY": '[[{table}.subscriptions.interceptions]]\ntype = "ADAPT_ENTITY"\nentityTypeName = "patient"\n',
    "notifications": ('[[{table}.subscriptions.notifications]]\nentityTypeName = "patient"\nactionName = "_create"\n'),
    "cronSchedule": '[{table}]\ncronSchedule = "0 2 * * ? *"\n',
}
KEYS: dict[str, tuple[str | int, ...]] = {
    "PRE_REQUEST": ("subscriptions", "interceptions", 0, "type"),
    "POST_REQUEST": ("subscriptions", "interceptions", 0, "type"),
    "ADAPT_ENTITY": ("subscriptions", "interceptions", 0, "type"),
    "notifications": ("subscriptions", "notifications", 0),
    "cronSchedule": ("cronSchedule",),
}


def manifest(
    *kinds: str, runtime: str = "python3.13", table: str = "plugin", environment: str | None = None
) -> Manifest:
    text = PLUGIN.format(runtime=runtime)
    for kind in kinds:
        part = SUBSCRIPTIONS[kind].format(table=table)
        text += part.removeprefix("[plugin]\n") if kind == "cronSchedule" else part
    if table != "plugin":
        address = 'baseUrl = "https://a.example.com"\n'
        text += address if "cronSchedule" in kinds else f"[{table}]\n{address}"
    loaded = parse(text, file=Path("/repository/plugin.toml"), environment=environment, today=date(2026, 11, 28))
    return loaded.manifest


def files(**contents: str) -> list[SourceFile]:
    return [SourceFile(path=path, origin=f"src/{path}", content=content.encode()) for path, content in contents.items()]


def flow(*hooks: str, ending: str = ".py") -> list[SourceFile]:
    """A plugin in the layout of the templates."""
    performs = {f"plugin/perform/{hook}{ending}": "" for hook in hooks}
    return files(**{f"index{ending}": "", f"plugin/hooks{ending}": "\n".join(hooks), **performs})


def errors(findings: tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.ERROR]


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("kind", HOOKS)
def test_a_missing_hook_is_an_error_in_the_layout_of_the_templates(kind: str, runtime: str) -> None:
    ending = RUNTIMES[runtime]
    others = [hook for hook in HOOKS.values() if hook != HOOKS[kind]]
    [finding] = check_hooks(manifest(kind, runtime=runtime), flow(*others, ending=ending))

    assert finding.severity is Severity.ERROR
    assert finding.path == ("plugin", *KEYS[kind])
    assert f"src/plugin/perform/{HOOKS[kind]}{ending} does not exist" in finding.message
    assert f"`biot-plugin add {HOOKS[kind]}`" in finding.hint


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_plugin_with_all_its_hooks_has_no_finding(runtime: str) -> None:
    ending = RUNTIMES[runtime]
    for kind, hook in HOOKS.items():
        assert check_hooks(manifest(kind, runtime=runtime), flow(hook, ending=ending)) == ()


def test_a_hook_that_the_flow_does_not_list_is_an_error() -> None:
    sources = [*flow("notification"), *files(**{"plugin/perform/interceptor_pre.py": ""})]
    [finding] = check_hooks(manifest("PRE_REQUEST"), sources)

    assert "but src/plugin/hooks.py does not list it" in finding.message
    assert "`biot-plugin add interceptor_pre`" in finding.hint


def test_interceptor_post_entity_does_not_count_as_interceptor_post() -> None:
    assert errors(check_hooks(manifest("POST_REQUEST"), flow("interceptor_post_entity")))


def test_subscriptions_of_an_environment_are_reported_with_their_key() -> None:
    table = "environments.staging"
    for environment in (None, "staging"):
        subscribed = manifest("PRE_REQUEST", table=table, environment=environment)
        [finding] = check_hooks(subscribed, flow("notification"))

        assert finding.path == ("environments", "staging", *KEYS["PRE_REQUEST"])
    scheduled = manifest("cronSchedule", table=table, environment="staging")
    assert check_hooks(scheduled, flow("notification"))[0].path == ("environments", "staging", "cronSchedule")


SAMPLE = {"index.js": "checkRequestType(event)", "src/interceptorPre/perform.js": "", "src/notification/perform.js": ""}
PYTHON_SAMPLE = {"index.py": "", "src/interceptor_pre/perform.py": "", "src/notification/perform.py": ""}


@pytest.mark.parametrize(("runtime", "sample"), [("nodejs22.x", SAMPLE), ("python3.13", PYTHON_SAMPLE)])
def test_a_sample_of_biot_gets_a_warning_only_for_a_hook_without_a_folder(runtime: str, sample: dict[str, str]) -> None:
    sources = files(**sample)
    assert check_hooks(manifest("PRE_REQUEST", "notifications", runtime=runtime), sources) == ()
    [finding] = check_hooks(manifest("cronSchedule", "notifications", "POST_REQUEST", runtime=runtime), sources)

    assert (finding.severity, finding.hint) == (Severity.WARNING, "")
    assert "whether the plugin answers cronSchedule, POST_REQUEST: " in finding.message
    assert "notification" not in finding.message


def test_a_single_file_must_mention_all_its_hooks() -> None:
    both = manifest("PRE_REQUEST", "notifications")
    text = 'if event["headers"]["hooktype"] == "INTERCEPTOR_PRE": ...\n'
    [finding] = check_hooks(both, files(**{"index.py": text}))

    assert finding.severity is Severity.WARNING
    assert "whether the plugin answers notifications: " in finding.message
    assert check_hooks(both, files(**{"index.py": text + "elif hook == 'NOTIFICATION': ...\n"})) == ()
    [unknown] = check_hooks(both, files(**{"index.py": "def handler(event, context): ..."}))
    assert "whether the plugin answers PRE_REQUEST, notifications: " in unknown.message


def test_a_plugin_with_one_kind_of_call_is_not_checked() -> None:
    for kind in HOOKS:
        assert check_hooks(manifest(kind), files(**{"index.py": "def handler(event, context): ..."})) == ()
    assert check_hooks(manifest(), files(**{"index.py": ""})) == ()

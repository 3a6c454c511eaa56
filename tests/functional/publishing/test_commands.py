"""Commands without a plan, with a local BioT."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from tests.support.servers.raw_http import RawServer, reply

if TYPE_CHECKING:
    from pathlib import Path

    from builder.publishing.api.client import BiotClient
    from tests.functional.publishing.conftest import CommandLine

CONFIG = {
    "name": "age-calculator",
    "displayName": "Age Calculator",
    "version": 1,
    "runtime": "python3.12",
    "handler": "index.handler",
    "environmentVariables": {"LEVEL": "canary-value", "PLUGIN_TREE_DIGEST": "sha256:" + 64 * "1"},
    "subscriptions": {
        "interceptionOrder": 20,
        "interceptions": [{"type": "ADAPT_ENTITY", "entityTypeName": "patient"}],
        "notifications": [{"entityTypeName": "device", "actionName": "_create"}],
    },
}


def create(client: BiotClient, *names: str, **more: object) -> None:
    for name in names:
        client.create({**CONFIG, "name": name, **more}, None)


def test_list_is_a_table_that_fits_and_a_document_with_the_same(biot_plugin: CommandLine, client: BiotClient) -> None:
    create(client, "age-calculator", "vitals", "a" * 57)
    client.update("vitals", {"enabledState": "DISABLED"}, None)

    table = biot_plugin("list", "-e", "local")
    document = biot_plugin("list", "-e", "local", "--json").document

    lines = table.out.splitlines()
    assert lines[0].split() == ["name", "version", "state", "runtime", "changed", "(UTC)"]
    assert [line.split()[0] for line in lines[2:]] == ["a" * 57, "age-calculator", "vitals"]
    assert lines[4].split()[1:4] == ["1", "disabled", "python3.12"]
    assert document["total"] == 3
    assert [plugin["name"] for plugin in document["plugins"]] == ["a" * 57, "age-calculator", "vitals"]
    assert document["plugins"][0]["environmentVariableNames"][0] == "LEVEL"
    assert "canary" not in table.out + str(document)


def test_list_takes_biots_search_filter_sort_and_pages(biot_plugin: CommandLine, client: BiotClient) -> None:
    assert biot_plugin("list", "-e", "local").out == "local has no plugins yet.\n"
    assert biot_plugin("list", "-e", "local", "--search", "x").out == "local has no such plugin.\n"
    create(client, "one", "two", "three")
    client.update("two", {"enabledState": "DISABLED", "timeout": 100}, None)

    def names(*options: str) -> list[str]:
        document = biot_plugin("list", "-e", "local", "--json", *options).document
        return [plugin["name"] for plugin in document["plugins"]]

    assert names("--filter", "enabledState=DISABLED") == ["two"]
    assert names("--filter", "name:like=t", "--filter", "timeout:lt=90") == ["three"]
    assert names("--filter", "name:in=Plugin-one,Plugin-two,one,two") == ["one", "two"]
    assert names("--search", "three") == ["three"]
    assert names("--sort", "name:DESC") == ["two", "three", "one"]
    assert names("--limit", "2", "--page", "1") == ["two"]
    assert "1 more: --page 1" in biot_plugin("list", "-e", "local", "--limit", "2").out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--filter", "nam=x"], "Did you mean name?"),
        (["--filter", "name:is=x"], "not"),
        (["--filter", "timeout=long"], "timeout must be a whole number"),
        (["--filter", "name"], "has no value"),
        (["--filter", "name=a", "--filter", "name=b"], "Duplicate filter name:eq"),
        (["--sort", "name:UP"], "ASC or DESC"),
    ],
)
def test_a_search_that_biot_does_not_have_is_a_usage_error(
    biot_plugin: CommandLine, options: list[str], message: str
) -> None:
    result = biot_plugin("list", "-e", "local", *options)

    assert result.code == 2
    assert message in result.err


def test_show_prints_everything_except_values_of_variables(biot_plugin: CommandLine, client: BiotClient) -> None:
    create(client, "age-calculator")

    page = biot_plugin("show", "-e", "local")
    document = biot_plugin("show", "Plugin-age-calculator", "-e", "local", "--json").document["plugin"]

    assert page.code == 0
    assert "ADAPT_ENTITY patient (order 20)" in page.out
    assert "NOTIFICATION device _create" in page.out
    assert "sha256:1111" in page.out
    assert "variables" in page.out
    assert "LEVEL" in page.out
    assert "analytics DB  no" in page.out
    assert document["treeDigest"] == "sha256:" + 64 * "1"
    assert document["fullName"] == "Plugin-age-calculator"
    assert "canary" not in page.out + str(document)


def test_a_missing_plugin_has_its_own_kind_of_error(biot_plugin: CommandLine) -> None:
    result = biot_plugin("show", "nobody", "-e", "local", "--json")

    assert (result.code, result.document["kind"]) == (8, "not-found")
    assert "biot-plugin list -e local" in result.document["hint"]


def test_disable_and_enable_change_the_state_and_nothing_else(biot_plugin: CommandLine, client: BiotClient) -> None:
    create(client, "age-calculator")
    before = client.read("age-calculator")

    assert "is now disabled" in biot_plugin("disable", "-e", "local").out
    disabled = client.read("age-calculator")
    again = biot_plugin("disable", "-e", "local", "--json").document
    assert "is now enabled" in biot_plugin("enable", "age-calculator", "-e", "local").out
    after = client.read("age-calculator")

    assert before is not None
    assert disabled is not None
    assert after is not None
    assert not disabled.enabled
    assert again["status"] == "nothing-to-do"
    assert after.fields == before.fields


def test_a_plugin_can_be_disabled_while_its_manifest_has_other_problems(
    biot_plugin: CommandLine, client: BiotClient, plugin_folder: Path
) -> None:
    create(client, "age-calculator")
    file = plugin_folder / "plugin.toml"
    whole = file.read_text("utf-8")

    file.write_text(f'{whole}memorySize = 5\ncronSchedule = "often"\n', "utf-8")
    assert "is now disabled" in biot_plugin("disable", "-e", "local").out
    assert biot_plugin("doctor", "-e", "local").code == 8, "doctor looks at the whole file"

    for wrong in (whole.replace('name = "age-calculator"', 'name = "age calculator"'), "[plugin\n", "[build]\n"):
        file.write_text(wrong, "utf-8")
        refused = biot_plugin("enable", "-e", "local")
        assert refused.code == 3
        assert "plugin.toml" in refused.err


def test_enable_and_disable_show_the_current_plugin(biot_plugin: CommandLine, client: BiotClient) -> None:
    create(client, "age-calculator")

    for command, state in (("disable", "DISABLED"), ("enable", "ENABLED")):
        shown = biot_plugin(command, "age-calculator", "-e", "local", "--json").document
        assert (shown["status"], shown["plugin"]["enabledState"]) == ("done", state)


def test_delete_asks_unless_yes_is_given_and_says_what_it_deletes(biot_plugin: CommandLine, client: BiotClient) -> None:
    create(client, "age-calculator")

    unasked = biot_plugin("delete", "age-calculator", "-e", "local")
    assert unasked.code == 2
    assert "--yes" in unasked.err
    assert client.read("age-calculator") is not None

    result = biot_plugin("delete", "age-calculator", "-e", "local", "--yes")
    assert "service user" in result.out
    assert client.read("age-calculator") is None
    assert biot_plugin("delete", "age-calculator", "-e", "local", "--yes").code == 8


def test_endpoint_is_one_line_for_pipes(biot_plugin: CommandLine, client: BiotClient) -> None:
    create(client, "age-calculator")

    result = biot_plugin("endpoint", "-e", "local")

    assert result.out.count("\n") == 1
    assert result.out.startswith("http")


def test_links_are_printed_and_only_aws_links_are_opened(
    biot_plugin: CommandLine, client: BiotClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The local BioT has no console, so its links are the kind that must not be opened."""
    create(client, "age-calculator")
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("BROWSER", str(browser))

    printed = biot_plugin("open", "-e", "local")
    refused = biot_plugin("open", "-e", "local", "--browser")

    assert printed.out.startswith("http")
    assert refused.code == 8
    assert "not opened" in refused.err
    assert not opened.exists()


def test_an_aws_link_is_opened_on_request(
    biot_plugin: CommandLine, plugin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = "https://eu-central-1.console.aws.amazon.com/lambda/home?region=eu-central-1#/functions/Plugin-age"
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {opened}\n')
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("BROWSER", str(browser))
    monkeypatch.setenv("BIOT_TOKEN", "canary-token")
    plugin = {"name": "Plugin-age-calculator", "displayName": "A", "version": 1, "linkToConsole": console}

    with RawServer(reply(200, plugin)) as server:
        with (plugin_folder / "plugin.toml").open("a") as stream:
            stream.write(f'[environments.dev]\nbaseUrl = "{server.url}"\n')
        unopened = biot_plugin("open", "-e", "dev")
        assert not opened.exists()
        biot_plugin("open", "-e", "dev", "--browser")
        logs = biot_plugin("logs", "-e", "dev", "--browser", "--json")

    assert unopened.out == console + "\n"
    assert opened.read_text().splitlines() == [console, logs.document["url"]]
    assert "log-group/$252Faws$252Flambda$252FPlugin-age-calculator" in logs.document["url"]


def test_without_a_link_to_aws_the_name_of_the_log_group_is_given(
    biot_plugin: CommandLine, plugin_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIOT_TOKEN", "canary-token")
    link = "https://biot.example/functions/Plugin-age-calculator"
    plugin = {"name": "Plugin-age-calculator", "displayName": "A", "version": 1, "linkToConsole": link}
    with RawServer(reply(200, plugin)) as server:
        with (plugin_folder / "plugin.toml").open("a") as stream:
            stream.write(f'[environments.dev]\nbaseUrl = "{server.url}"\n')
        logs = biot_plugin("logs", "-e", "dev")

    assert logs.code == 8
    assert "/aws/lambda/Plugin-age-calculator" in logs.err


def test_the_local_biot_works_outside_a_plugin(
    biot_plugin: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert biot_plugin("list", "-e", "local").code == 0
    unnamed = biot_plugin("show", "-e", "local")
    assert (unnamed.code, "needs the plugin's name" in unnamed.err) == (2, True)
    assert biot_plugin("list", "-e", "dev").code == 4


def test_without_an_environment_the_error_lists_the_known_ones(biot_plugin: CommandLine, plugin_folder: Path) -> None:
    with (plugin_folder / "plugin.toml").open("a") as stream:
        stream.write('[environments.dev]\nbaseUrl = "https://biot.invalid"\n')

    result = biot_plugin("list", "--json")

    assert result.code == 8
    assert "dev, local" in result.document["hint"]


def test_without_credentials_nothing_is_sent_and_the_error_lists_the_variables(
    biot_plugin: CommandLine, plugin_folder: Path
) -> None:
    with (plugin_folder / "plugin.toml").open("a") as stream:
        stream.write('[environments.dev]\nbaseUrl = "https://biot.invalid"\n')

    result = biot_plugin("list", "-e", "dev", "--json")

    assert (result.code, result.document["kind"]) == (8, "access")
    assert "biot-plugin login -e dev" in result.document["hint"]
    assert os.environ.get("BIOT_TOKEN") is None

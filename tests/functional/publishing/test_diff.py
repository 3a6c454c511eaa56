"""`biot-plugin diff` compares a plugin in two environments, here two local BioTs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from builder.publishing.access.connection import open_client
from builder.publishing.api_values import TargetEnvironment
from builder.publishing.clock import SystemClock
from tests.functional.publishing.conftest import MANIFEST
from tests.support.sandbox.running_sandbox import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from builder.publishing.api.client import BiotClient
    from tests.functional.publishing.conftest import CommandLine
    from tests.support.sandbox.running_sandbox import Sandbox


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("staging")) as running:
        yield running


@pytest.fixture
def staging_client(staging: Sandbox, plugin_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BiotClient]:
    """The environment staging in plugin.toml, with credentials in the environment."""
    variables = {
        "BIOT_SERVICE_USER_ID": staging.service_user.id,
        "BIOT_SERVICE_USER_SECRET_KEY": staging.service_user.secret_key,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    text = f'{MANIFEST}\n[environments.staging]\nbaseUrl = "{staging.base_url}"\n'
    (plugin_folder / "plugin.toml").write_text(text)
    target = TargetEnvironment(name="staging", base_url=staging.base_url)
    environ = {**variables, "BIOT_PLUGIN_STATE": str(plugin_folder.parent / "state")}
    with open_client(target, environ, plugin_folder, SystemClock()) as client:
        yield client


def create(client: BiotClient, **settings: object) -> None:
    settings = {"displayName": "Age Calculator", "version": 1, "runtime": "python3.12", **settings}
    client.create({"name": "age-calculator", **settings}, None)


@pytest.fixture
def both(client: BiotClient, staging_client: BiotClient) -> Iterator[Mapping[str, BiotClient]]:
    clients = {"local": client, "staging": staging_client}
    yield clients
    for each in clients.values():
        for plugin in each.search({}).plugins:
            each.delete(plugin.name)


def test_each_difference_is_a_line_and_the_exit_code_is_10(
    both: Mapping[str, BiotClient], biot_plugin: CommandLine
) -> None:
    create(both["local"], memorySize=256, environmentVariables={"LEVEL": "planted-1"})
    create(both["staging"], memorySize=512, environmentVariables={"LEVEL": "planted-2"}, cronSchedule="0 2 * * ? *")

    result = biot_plugin("diff", "local", "staging")
    document = biot_plugin("diff", "local", "staging", "--json").document

    assert result.code == 10
    assert "  ~ memorySize  256 → 512" in result.out
    assert "  + cronSchedule  0 2 * * ? *" in result.out
    assert "planted" not in result.out + str(document)
    assert {change["field"] for change in document["changes"]} == {
        "memorySize",
        "cronSchedule",
        "environmentVariables.LEVEL",
    }


def test_equal_plugins_end_with_0_and_unknown_code_is_said_to_be_unknown(
    both: Mapping[str, BiotClient], biot_plugin: CommandLine
) -> None:
    for client in both.values():
        create(client)

    result = biot_plugin("diff", "local", "staging")

    assert result.code == 0
    assert "No difference in settings and subscriptions." in result.out
    assert "whether the code is the same is unknown" in result.out
    assert biot_plugin("diff", "local", "staging", "--json").document["sameCode"] is None


def test_a_plugin_that_one_environment_lacks_is_an_error(
    both: Mapping[str, BiotClient], biot_plugin: CommandLine
) -> None:
    create(both["local"])

    result = biot_plugin("diff", "local", "staging")

    assert result.code == 8
    assert "age-calculator" in result.err


def test_an_unknown_environment_is_an_error(both: Mapping[str, BiotClient], biot_plugin: CommandLine) -> None:
    create(both["local"])

    result = biot_plugin("diff", "local", "nowhere")

    assert result.code == 2
    assert "nowhere" in result.err

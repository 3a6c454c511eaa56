from __future__ import annotations

import copy
import json
import pickle
from dataclasses import asdict

import pytest

from builder.cli.output import describe_error
from builder.network.secret_text import SecretText
from builder.publishing import failures
from builder.publishing.api.plugin_identity import bare_name
from builder.publishing.api_values import RemotePlugin, TargetEnvironment
from builder.publishing.state_folder import LocalBiot, find_state_folder


def test_printing_never_shows_a_secret() -> None:
    secret = SecretText("canary-7f3a")
    local = LocalBiot(base_url="http://127.0.0.1:1", service_user_id="id", service_user_secret_key=secret)

    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r}", repr(local), repr(asdict(local)), repr([secret])]

    assert not any("canary" in text for text in shown)
    assert secret.reveal() == "canary-7f3a"
    assert copy.deepcopy(secret) == secret
    with pytest.raises(TypeError):
        json.dumps({"secret": secret})
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_a_plugin_shows_its_digest_but_not_its_variables() -> None:
    fields = {"environmentVariables": {"PLUGIN_TREE_DIGEST": "sha256:1", "KEY": "canary"}, "enabledState": "DISABLED"}
    plugin = RemotePlugin(name="a", full_name="Plugin-a", display_name="A", version=1, fields=fields)

    assert plugin.tree_digest == "sha256:1"
    assert not plugin.enabled
    assert "canary" not in repr(plugin)
    assert RemotePlugin(name="a", full_name="Plugin-a", display_name="A", version=1, fields={}).tree_digest is None


def test_names_are_recognized_with_and_without_their_prefix() -> None:
    assert bare_name("Plugin-age") == "age"
    assert bare_name("age") == "age"
    assert bare_name("Plugin-Plugin-age") == "Plugin-age"


def test_each_failure_has_its_own_kind() -> None:
    kinds = [
        describe_error(error)["kind"]
        for error in (
            failures.Unreachable("m"),
            failures.NoAnswer("m"),
            failures.Refused("m", status=400, code="C"),
            failures.OutcomeUnknown("m"),
            failures.AccessDenied("m"),
            failures.Conflict("m"),
            failures.VersionsExhausted("m"),
            failures.StalePlan("m"),
            failures.NoSuchPlugin("m", status=404, code="C"),
        )
    ]

    assert len(set(kinds)) == len(kinds)
    assert "publish" not in kinds


def test_an_environment_variable_names_the_state_folder() -> None:
    state = find_state_folder({"BIOT_PLUGIN_STATE": "/somewhere/else"})

    assert state.tokens.as_posix() == "/somewhere/else/tokens"
    assert state.local_file.as_posix() == "/somewhere/else/local.json"
    assert find_state_folder({}).folder.name == "biot-plugin-kit"
    assert TargetEnvironment(name="dev", base_url="https://a").name == "dev"

"""BioT's own generated client for the settings service, unchanged from the package index, works with the local BioT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import biotmed_settings_sdk as sdk
import biotmed_ums_sdk as ums
import pytest

from tests.support.sandbox.settings_client import CODE, MINIMAL, PATIENTS, zipped

if TYPE_CHECKING:
    from tests.support.sandbox.running_sandbox import Sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> sdk.ApiClient:
    """Logged in by BioT's own client too."""
    user = sandbox.service_user
    login = ums.ServiceUserAPIApi(ums.ApiClient(ums.Configuration(host=f"{sandbox.base_url}/ums")))
    request = ums.ServiceUserAccessTokenRequest.from_dict({"id": user.id, "secretKey": user.secret_key})
    assert request is not None
    token = login.service_user_login(request).access_token
    return sdk.ApiClient(sdk.Configuration(host=f"{sandbox.base_url}/settings", access_token=token))


def created(**fields: object) -> Any:  # noqa: ANN401  # the generated models, by their names on the wire
    return sdk.CreatePluginRequest.from_dict({**MINIMAL, **fields})


def updated(**fields: object) -> Any:  # noqa: ANN401
    return sdk.PartialUpdatePluginRequest.from_dict(fields)


def test_a_plugin_from_create_to_delete(client: sdk.ApiClient) -> None:
    plugins = sdk.PluginV2APIApi(client)
    subscriptions = {
        "interceptionOrder": 10,
        "interceptions": [{"type": "PRE_REQUEST", "apiId": PATIENTS}],
        "notifications": [{"entityTypeName": "device", "actionName": "_create"}],
    }
    first = plugins.create(
        ("hw.zip", CODE), created(subscriptions=subscriptions, environmentVariables={"LOG_LEVEL": "INFO"})
    )

    assert (first.name, first.version, first.timeout) == ("age", 1, 60)
    assert first.environment_variables == {"LOG_LEVEL": "INFO"}
    assert first.subscriptions is not None
    assert [one.api_id for one in first.subscriptions.interceptions or ()] == [PATIENTS]
    search = {"filter": {"name": {"like": "ag"}}, "sort": [{"prop": "name", "order": "ASC"}], "limit": 5}
    page = plugins.search(sdk.SearchRequestV2.from_dict(search))
    assert [one.name for one in page.data] == ["age"]
    assert plugins.get("Plugin-age") == first
    changed = plugins.partial_update("Plugin-age", ("hw.zip", zipped({"index.py": ""})), updated(version=2, timeout=9))
    assert (changed.version, changed.timeout, changed.creation_time) == (2, 9, first.creation_time)
    assert plugins.get("Plugin-age").environment_variables == {"LOG_LEVEL": "INFO"}
    plugins.delete("Plugin-age")
    with pytest.raises(sdk.exceptions.NotFoundException, match="PLUGIN_NOT_FOUND"):
        plugins.get("Plugin-age")


def test_the_longest_names_are_returned(client: sdk.ApiClient) -> None:
    """The client accepts at most 57 characters, so the name in responses has no prefix."""
    plugins = sdk.PluginV2APIApi(client)
    name = "x" * 57

    assert plugins.create(config=created(name=name)).name == name
    plugins.delete(f"Plugin-{name}")


def test_errors_become_exceptions_of_the_client(client: sdk.ApiClient) -> None:
    plugins = sdk.PluginV2APIApi(client)
    with pytest.raises(sdk.exceptions.BadRequestException, match="RESERVED_PREFIX"):
        plugins.create(config=created(environmentVariables={"BIOT_APP_NAME": "x"}))
    with pytest.raises(sdk.exceptions.ServiceException, match="AWS_EXCEPTION"):
        plugins.create(("hw.zip", b"no zip"), created())
    with pytest.raises(sdk.exceptions.UnauthorizedException, match="TOKEN_NOT_VALID"):
        sdk.PluginV2APIApi(sdk.ApiClient(sdk.Configuration(host=client.configuration.host))).search()


def test_lookups(client: sdk.ApiClient) -> None:
    interceptions = sdk.InterceptionConfigurationAPIApi(client).search3()
    actions = sdk.EntityAPIApi(client).get_notifiable_actions()
    credentials = sdk.PluginV2APIApi(client).get_docker_repository_temp_credentials()

    assert PATIENTS in {one.api_id for one in interceptions.data}
    assert ("device", "_create") in {(one.entity_name, one.action_name) for one in actions.entity_types}
    assert sdk.SystemAPIApi(client).get_system_properties().biot_version == "2.4.2"
    assert sdk.HealthCheckAPIApi(client).health_check().version == "2.4.2"
    assert credentials.credentials is not None
    assert credentials.credentials.session_token

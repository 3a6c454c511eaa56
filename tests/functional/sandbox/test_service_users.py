"""Service users over a socket: made, found, changed, switched off and removed, with their keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID, uuid4

import biotmed_ums_sdk as ums
import pytest

from sandbox.ums.accounts import MAX_SECRET_KEYS, ORGANIZATION, PLUGIN_ROLE, create_service_user

if TYPE_CHECKING:
    from tests.support.sandbox import Answer, Sandbox

SERVICES = "/ums/v2/services"
ROLE, OTHER_ROLE = "00000000-0000-4000-8000-0000000000aa", "00000000-0000-4000-8000-0000000000bb"
NOTIFICATIONS = "/dispatcher/v1/hooks/notifications"


class Administrator:
    """Who may do everything with service users."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.token = sandbox.admin_token()

    def send(self, method: str, path: str = "", body: object = None) -> Answer:
        return self.sandbox.call(method, f"{SERVICES}{path}", token=self.token, body=body)

    def make(self, **more: object) -> dict[str, Any]:
        made = self.send("POST", body={"roleId": ROLE, "type": "EXTERNAL_SERVICE", "name": str(uuid4()), **more})
        assert made.status == 201, made.body
        found: dict[str, Any] = made.body
        return found

    def search(self, **asked: object) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.send("GET", f"?searchRequest={quote(json.dumps(asked))}").body["data"]
        return found

    def log_in(self, made: dict[str, Any], key: dict[str, Any] | None = None) -> Answer:
        body = {"id": made["id"], "secretKey": (key or made["secretKeyData"])["secretKey"]}
        return self.sandbox.call("POST", f"{SERVICES}/accessToken", body=body)


@pytest.fixture
def administrator(sandbox: Sandbox) -> Administrator:
    return Administrator(sandbox)


def test_what_was_made_is_read_and_found_without_its_secret(administrator: Administrator) -> None:
    made = administrator.make(active=True, ownerOrganizationId=ORGANIZATION, accessTokenExpirationInMinutes=7)
    shown = administrator.send("GET", f"/{made['id']}").body
    key = made["secretKeyData"]

    expected = {name: value for name, value in made.items() if name != "secretKeyData"}
    assert shown == {**expected, "secretKeys": [{"id": key["id"], "creationTime": key["creationTime"]}]}
    assert (shown["ownerOrganizationId"], shown["active"], shown["roleId"]) == (ORGANIZATION, True, ROLE)
    assert administrator.search(filter={"name": {"eq": made["name"]}}) == [shown]


def test_service_users_are_searched_by_every_property(administrator: Administrator) -> None:
    on, off = administrator.make(accessTokenExpirationInMinutes=3), administrator.make(active=False)
    names = {"in": [on["name"], off["name"]]}

    def found(**more: object) -> list[str]:
        asked = {"filter": {"name": names, **more}, "sort": [{"prop": "active", "order": "ASC"}]}
        return [one["id"] for one in administrator.search(**asked)]

    assert found() == [off["id"], on["id"]]
    assert found(active={"eq": False}) == [off["id"]]
    assert found(active={"not": False}) == [on["id"]]
    assert found(active={"in": ["true"]}) == [on["id"]]
    assert found(accessTokenExpirationInMinutes={"lt": 10}) == [on["id"]]
    assert found(type={"eq": "INTERNAL_SERVICE"}) == []
    assert found(ownerOrganizationId={"eq": ORGANIZATION}, id={"eq": on["id"]}) == [on["id"]]
    wrong = quote(json.dumps({"filter": {"active": {"eq": "x"}}}))
    assert administrator.send("GET", f"?searchRequest={wrong}").status == 400


def test_an_inactive_service_user_can_do_nothing_until_it_is_active_again(administrator: Administrator) -> None:
    made = administrator.make()
    token = administrator.log_in(made).body["accessToken"]
    off = administrator.send("PATCH", f"/{made['id']}", {"active": False})
    refused = administrator.sandbox.call("GET", NOTIFICATIONS, token=token)

    assert (off.status, off.body["active"]) == (200, False)
    assert (refused.status, refused.body["code"]) == (401, "TOKEN_NOT_VALID")
    assert administrator.log_in(made).body["code"] == "LOGIN_FAILED"
    assert administrator.send("PATCH", f"/{made['id']}", {"active": None, "roleId": OTHER_ROLE}).body["active"] is False
    assert administrator.send("PATCH", f"/{made['id']}", {"active": True}).body["roleId"] == OTHER_ROLE
    assert administrator.log_in(made).status == 200
    assert administrator.sandbox.call("GET", NOTIFICATIONS, token=token).status == 200


def test_a_service_user_can_be_made_inactive(administrator: Administrator) -> None:
    made = administrator.make(active=False)

    assert made["active"] is False
    assert administrator.log_in(made).body["code"] == "LOGIN_FAILED"


def test_a_removed_service_user_is_gone_with_its_tokens(administrator: Administrator) -> None:
    made = administrator.make()
    token = administrator.log_in(made).body["accessToken"]

    assert administrator.send("DELETE", f"/{made['id']}").status == 204
    for method, body in (("GET", None), ("DELETE", None), ("PATCH", {})):
        gone = administrator.send(method, f"/{made['id']}", body)
        assert (gone.status, gone.body["code"]) == (404, "SERVICE_USER_NOT_FOUND")
        assert gone.body["details"] == {"id": made["id"]}
    assert administrator.sandbox.call("GET", NOTIFICATIONS, token=token).status == 401


def test_keys_are_removed_one_by_one(administrator: Administrator) -> None:
    made = administrator.make()
    keys = [administrator.send("POST", f"/{made['id']}/secret-keys").body for _ in range(MAX_SECRET_KEYS - 1)]
    full = administrator.send("POST", f"/{made['id']}/secret-keys")
    first = f"/{made['id']}/secret-keys/{made['secretKeyData']['id']}"

    assert (full.status, full.body["code"]) == (409, "MAX_SECRET_KEYS")
    assert administrator.send("DELETE", first).status == 204
    assert administrator.log_in(made).body["code"] == "LOGIN_FAILED"
    assert administrator.log_in(made, keys[0]).status == 200
    again = administrator.send("DELETE", first)
    assert (again.status, again.body["code"]) == (404, "SECRET_KEY_ID_NOT_FOUND")
    assert again.body["details"] == {"secretKeyId": made["secretKeyData"]["id"], "serviceUserId": made["id"]}
    other = administrator.make()
    foreign = administrator.send("DELETE", f"/{other['id']}/secret-keys/{keys[0]['id']}")
    assert foreign.body["code"] == "SECRET_KEY_ID_NOT_FOUND"
    assert administrator.send("GET", f"/{made['id']}").body["secretKeys"] == [
        {"id": key["id"], "creationTime": key["creationTime"]} for key in keys
    ]


@pytest.mark.parametrize(
    ("body", "status", "code", "details"),
    [
        ({}, 400, "MISSING_PARAMETERS", {"parameters": ["roleId", "type"]}),
        ({"roleId": ROLE, "type": None}, 400, "MISSING_PARAMETERS", {"parameters": ["type"]}),
        (
            {"roleId": ROLE, "type": "ROBOT"},
            400,
            "SERVICE_TYPE_NOT_ALLOWED",
            {"attributeName": "type", "value": "ROBOT"},
        ),
        ({"roleId": "x", "type": "EXTERNAL_SERVICE"}, 400, "BAD_REQUEST", {}),
        ({"roleId": ROLE, "type": "EXTERNAL_SERVICE", "active": "no"}, 400, "BAD_REQUEST", {}),
        ({"roleId": ROLE, "type": "EXTERNAL_SERVICE", "ownerOrganizationId": "x"}, 400, "BAD_REQUEST", {}),
        (
            {"roleId": ROLE, "type": "EXTERNAL_SERVICE", "ownerOrganizationId": OTHER_ROLE},
            404,
            "OWNER_ORGANIZATION_NOT_FOUND",
            {"id": OTHER_ROLE},
        ),
    ],
)
def test_service_users_that_cannot_be_made(
    administrator: Administrator, body: object, status: int, code: str, details: object
) -> None:
    refused = administrator.send("POST", body=body)

    assert (refused.status, refused.body["code"], refused.body["details"]) == (status, code, details)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/x"),
        ("PATCH", "/x"),
        ("DELETE", "/x"),
        ("POST", "/x/secret-keys"),
        ("DELETE", f"/{ROLE}/secret-keys/x"),
    ],
)
def test_ids_that_are_none_are_bad_requests(administrator: Administrator, method: str, path: str) -> None:
    refused = administrator.send(method, path, {} if method == "PATCH" else None)

    assert (refused.status, refused.body["code"]) == (400, "BAD_REQUEST")


def test_the_service_user_of_a_plugin_is_shown_like_any_other(administrator: Administrator) -> None:
    with administrator.sandbox.running.state.database.write() as connection:
        made = create_service_user(connection, "Plugin-shown", ["PROTECTED_API"])
    shown = administrator.send("GET", f"/{made.id}").body

    assert (shown["type"], shown["roleId"], shown["name"]) == ("INTERNAL_SERVICE", PLUGIN_ROLE, "Plugin-shown")


def test_biots_own_client_manages_service_users(administrator: Administrator) -> None:
    host = f"{administrator.sandbox.base_url}/ums"
    services = ums.ServiceUserAPIApi(ums.ApiClient(ums.Configuration(host=host, access_token=administrator.token)))
    made = administrator.make()
    identifier = UUID(made["id"])
    asked = ums.SearchRequestV2.from_dict({"filter": {"name": {"eq": made["name"]}}})
    change = ums.UpdateServiceUserV2Request.from_dict({"active": False})
    assert change is not None

    assert [str(one.id) for one in services.search_service_users(asked).data] == [made["id"]]
    assert services.get_service_user_by_id(identifier).name == made["name"]
    assert services.update_service_user(change, identifier).active is False
    services.delete_secret_key(identifier, UUID(made["secretKeyData"]["id"]))
    services.delete_service_user(identifier)
    with pytest.raises(ums.exceptions.NotFoundException, match="SERVICE_USER_NOT_FOUND"):
        services.get_service_user_by_id(identifier)

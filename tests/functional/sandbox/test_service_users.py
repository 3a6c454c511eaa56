"""Service users over a socket: created, searched, changed, deactivated and deleted, with their keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID, uuid4

import biotmed_ums_sdk as ums
import pytest

from sandbox.ums.accounts import MAX_SECRET_KEYS, ORGANIZATION, PLUGIN_ROLE, create_service_user

if TYPE_CHECKING:
    from tests.support.sandbox.running_sandbox import Answer, Sandbox

SERVICES = "/ums/v2/services"
ROLE, OTHER_ROLE = "00000000-0000-4000-8000-0000000000aa", "00000000-0000-4000-8000-0000000000bb"
NOTIFICATIONS = "/dispatcher/v1/hooks/notifications"


class Administrator:
    """The administrator, who has all permissions for service users."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.token = sandbox.admin_token()

    def send(self, method: str, path: str = "", body: object = None) -> Answer:
        return self.sandbox.call(method, f"{SERVICES}{path}", token=self.token, body=body)

    def make(self, **more: object) -> dict[str, Any]:
        service_user = self.send(
            "POST", body={"roleId": ROLE, "type": "EXTERNAL_SERVICE", "name": str(uuid4()), **more}
        )
        assert service_user.status == 201, service_user.body
        ids_of: dict[str, Any] = service_user.body
        return ids_of

    def search(self, **search: object) -> list[dict[str, Any]]:
        ids_of: list[dict[str, Any]] = self.send("GET", f"?searchRequest={quote(json.dumps(search))}").body["data"]
        return ids_of

    def log_in(self, service_user: dict[str, Any], key: dict[str, Any] | None = None) -> Answer:
        body = {"id": service_user["id"], "secretKey": (key or service_user["secretKeyData"])["secretKey"]}
        return self.sandbox.call("POST", f"{SERVICES}/accessToken", body=body)


@pytest.fixture
def administrator(sandbox: Sandbox) -> Administrator:
    return Administrator(sandbox)


def test_a_new_service_user_is_returned_without_its_secret(administrator: Administrator) -> None:
    service_user = administrator.make(active=True, ownerOrganizationId=ORGANIZATION, accessTokenExpirationInMinutes=7)
    shown = administrator.send("GET", f"/{service_user['id']}").body
    key = service_user["secretKeyData"]

    expected = {name: value for name, value in service_user.items() if name != "secretKeyData"}
    assert shown == {**expected, "secretKeys": [{"id": key["id"], "creationTime": key["creationTime"]}]}
    assert (shown["ownerOrganizationId"], shown["active"], shown["roleId"]) == (ORGANIZATION, True, ROLE)
    assert administrator.search(filter={"name": {"eq": service_user["name"]}}) == [shown]


def test_service_users_are_searched_by_every_property(administrator: Administrator) -> None:
    on, off = administrator.make(accessTokenExpirationInMinutes=3), administrator.make(active=False)
    names = {"in": [on["name"], off["name"]]}

    def ids_of(**more: object) -> list[str]:
        search = {"filter": {"name": names, **more}, "sort": [{"prop": "active", "order": "ASC"}]}
        return [one["id"] for one in administrator.search(**search)]

    assert ids_of() == [off["id"], on["id"]]
    assert ids_of(active={"eq": False}) == [off["id"]]
    assert ids_of(active={"not": False}) == [on["id"]]
    assert ids_of(active={"in": ["true"]}) == [on["id"]]
    assert ids_of(accessTokenExpirationInMinutes={"lt": 10}) == [on["id"]]
    assert ids_of(type={"eq": "INTERNAL_SERVICE"}) == []
    assert ids_of(ownerOrganizationId={"eq": ORGANIZATION}, id={"eq": on["id"]}) == [on["id"]]
    wrong = quote(json.dumps({"filter": {"active": {"eq": "x"}}}))
    assert administrator.send("GET", f"?searchRequest={wrong}").status == 400


@pytest.mark.parametrize("value", [{}, [], ["true"], "yes", 1, None], ids=str)
@pytest.mark.parametrize("operator", ["eq", "in"])
def test_a_flag_is_searched_by_true_or_false_only(administrator: Administrator, operator: str, value: object) -> None:
    search = {"filter": {"active": {operator: [value] if operator == "in" else value}}}
    response = administrator.send("GET", f"?searchRequest={quote(json.dumps(search))}")

    ignored = value is None and operator == "eq"  # an operator without a value is no condition
    assert response.status == (200 if ignored else 400)


def test_an_inactive_service_user_can_do_nothing_until_it_is_active_again(administrator: Administrator) -> None:
    service_user = administrator.make()
    token = administrator.log_in(service_user).body["accessToken"]
    off = administrator.send("PATCH", f"/{service_user['id']}", {"active": False})
    refused = administrator.sandbox.call("GET", NOTIFICATIONS, token=token)

    assert (off.status, off.body["active"]) == (200, False)
    assert (refused.status, refused.body["code"]) == (401, "TOKEN_NOT_VALID")
    assert administrator.log_in(service_user).body["code"] == "LOGIN_FAILED"
    assert (
        administrator.send("PATCH", f"/{service_user['id']}", {"active": None, "roleId": OTHER_ROLE}).body["active"]
        is False
    )
    assert administrator.send("PATCH", f"/{service_user['id']}", {"active": True}).body["roleId"] == OTHER_ROLE
    assert administrator.log_in(service_user).status == 200
    assert administrator.sandbox.call("GET", NOTIFICATIONS, token=token).status == 200


def test_a_service_user_can_be_created_inactive(administrator: Administrator) -> None:
    service_user = administrator.make(active=False)

    assert service_user["active"] is False
    assert administrator.log_in(service_user).body["code"] == "LOGIN_FAILED"


def test_a_deleted_service_users_tokens_are_not_valid(administrator: Administrator) -> None:
    service_user = administrator.make()
    token = administrator.log_in(service_user).body["accessToken"]

    assert administrator.send("DELETE", f"/{service_user['id']}").status == 204
    for method, body in (("GET", None), ("DELETE", None), ("PATCH", {})):
        response = administrator.send(method, f"/{service_user['id']}", body)
        assert (response.status, response.body["code"]) == (404, "SERVICE_USER_NOT_FOUND")
        assert response.body["details"] == {"id": service_user["id"]}
    assert administrator.sandbox.call("GET", NOTIFICATIONS, token=token).status == 401


def test_secret_keys_can_be_deleted_one_by_one(administrator: Administrator) -> None:
    service_user = administrator.make()
    keys = [administrator.send("POST", f"/{service_user['id']}/secret-keys").body for _ in range(MAX_SECRET_KEYS - 1)]
    full = administrator.send("POST", f"/{service_user['id']}/secret-keys")
    first = f"/{service_user['id']}/secret-keys/{service_user['secretKeyData']['id']}"

    assert (full.status, full.body["code"]) == (409, "MAX_SECRET_KEYS")
    assert administrator.send("DELETE", first).status == 204
    assert administrator.log_in(service_user).body["code"] == "LOGIN_FAILED"
    assert administrator.log_in(service_user, keys[0]).status == 200
    again = administrator.send("DELETE", first)
    assert (again.status, again.body["code"]) == (404, "SECRET_KEY_ID_NOT_FOUND")
    assert again.body["details"] == {
        "secretKeyId": service_user["secretKeyData"]["id"],
        "serviceUserId": service_user["id"],
    }
    other = administrator.make()
    foreign = administrator.send("DELETE", f"/{other['id']}/secret-keys/{keys[0]['id']}")
    assert foreign.body["code"] == "SECRET_KEY_ID_NOT_FOUND"
    assert administrator.send("GET", f"/{service_user['id']}").body["secretKeys"] == [
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
        ({"roleId": {}, "type": "EXTERNAL_SERVICE"}, 400, "BAD_REQUEST", {}),
        ({"roleId": ROLE, "type": ["EXTERNAL_SERVICE"]}, 400, "BAD_REQUEST", {}),
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
def test_invalid_service_users_are_refused(
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
def test_an_invalid_id_is_a_bad_request(administrator: Administrator, method: str, path: str) -> None:
    refused = administrator.send(method, path, {} if method == "PATCH" else None)

    assert (refused.status, refused.body["code"]) == (400, "BAD_REQUEST")


def test_the_service_user_of_a_plugin_is_listed_like_any_other(administrator: Administrator) -> None:
    with administrator.sandbox.running.state.database.write() as connection:
        service_user = create_service_user(connection, "Plugin-shown", ["PROTECTED_API"])
    shown = administrator.send("GET", f"/{service_user.id}").body

    assert (shown["type"], shown["roleId"], shown["name"]) == ("INTERNAL_SERVICE", PLUGIN_ROLE, "Plugin-shown")


def test_biots_own_client_manages_service_users(administrator: Administrator) -> None:
    host = f"{administrator.sandbox.base_url}/ums"
    services = ums.ServiceUserAPIApi(ums.ApiClient(ums.Configuration(host=host, access_token=administrator.token)))
    service_user = administrator.make()
    identifier = UUID(service_user["id"])
    search = ums.SearchRequestV2.from_dict({"filter": {"name": {"eq": service_user["name"]}}})
    change = ums.UpdateServiceUserV2Request.from_dict({"active": False})
    assert change is not None

    assert [str(one.id) for one in services.search_service_users(search).data] == [service_user["id"]]
    assert services.get_service_user_by_id(identifier).name == service_user["name"]
    assert services.update_service_user(change, identifier).active is False
    services.delete_secret_key(identifier, UUID(service_user["secretKeyData"]["id"]))
    services.delete_service_user(identifier)
    with pytest.raises(ums.exceptions.NotFoundException, match="SERVICE_USER_NOT_FOUND"):
        services.get_service_user_by_id(identifier)

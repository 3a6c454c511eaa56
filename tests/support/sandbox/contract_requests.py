"""A new valid request for each documented operation, and ways to cause each documented error."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sandbox.ums.accounts import MAX_SECRET_KEYS, ORGANIZATION, UserDraft, create_user
from sandbox.ums.permissions import PUBLISHER
from sandbox.ums.sessions import FAILURES_ALLOWED
from tests.support.sandbox.settings_client import CODE, MINIMAL, PATIENTS, http_client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from tests.support.sandbox.running_sandbox import Sandbox

ROLE = "00000000-0000-4000-8000-0000000000aa"
NOBODY = "00000000-0000-4000-8000-0000000000ee"
_NOTE = {"entityTypeName": "device", "actionName": "_create", "templateName": "pump"}
_SUBSCRIPTIONS = {
    "interceptionOrder": 10,
    "interceptions": [{"type": "PRE_REQUEST", "apiId": PATIENTS, "order": 12}],
    "notifications": [_NOTE],
}
_SETTINGS: Mapping[str, object] = {
    "handler": "index.handler",
    "timeout": 30,
    "memorySize": 256,
    "ephemeralStorage": 600,
    "environmentVariables": {"LEVEL": "INFO"},
    "subscriptions": _SUBSCRIPTIONS,
    "enabledState": "ENABLED",
    "cronSchedule": "0 2 * * ? *",
    "analyticsDbAccess": True,
    "cors": {"allowOrigins": ["*"], "allowMethods": ["GET"], "allowHeaders": [], "exposeHeaders": []},
}


@dataclass(frozen=True, kw_only=True)
class ContractRequest:
    """A request to send.

    Attributes:
        method: The HTTP method.
        path: The path.
        token: The access token; empty for none.
        body: The JSON body, or the ``config`` of a form.
        form: Whether the body is sent as a form.
        code: The ZIP of a form.
        headers: Further headers.
    """

    method: str
    path: str
    token: str = ""
    body: dict[str, Any] | None = None
    form: bool = False
    code: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def changed(self, **more: object) -> ContractRequest:
        """Return the request with other fields in its body."""
        return replace(self, body={**(self.body or {}), **more})


class ContractRequests:
    """Creates valid requests to a running local BioT by the name of their operation."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.admin = sandbox.admin_token()
        self.http = http_client(sandbox.base_url)

    def send(self, request: ContractRequest) -> httpx.Response:
        """Send a request and return the response."""
        headers = {**({"authorization": f"Bearer {request.token}"} if request.token else {}), **request.headers}
        if not request.form:
            return self.http.request(request.method, request.path, headers=headers, json=request.body)
        files: dict[str, Any] = {"config": (None, json.dumps(request.body))}
        if request.code is not None:
            files["code"] = ("hw.zip", request.code, "application/x-zip-compressed")
        return self.http.request(request.method, request.path, headers=headers, files=files)

    def valid(self, name: str, method: str, path: str) -> ContractRequest:
        """Return a request that succeeds."""
        make = _MAKERS.get(name)
        made = make(self) if make else {}
        token = made.pop("token", self.admin)
        return ContractRequest(method=method, path=path.format(**made.pop("names", {})), token=token, **made)

    def post(self, path: str, body: object) -> Any:  # noqa: ANN401  # JSON
        """Send a request as the administrator and return the JSON of the response."""
        return self.http.post(path, json=body, headers={"authorization": f"Bearer {self.admin}"}).json()

    def user(self, **more: Any) -> str:  # noqa: ANN401  # fields of UserDraft
        """Create a user with the password ``password`` and return the name."""
        name = f"{uuid4()}@example.com"
        with self.sandbox.running.state.database.write() as connection:
            create_user(
                connection, UserDraft(**{"username": name, "password": "password", "scopes": PUBLISHER, **more})
            )
        return name

    def service_user(self) -> Any:  # noqa: ANN401  # JSON
        """Create a service user and return the response."""
        return self.post("/ums/v2/services", {"roleId": ROLE, "type": "EXTERNAL_SERVICE", "name": str(uuid4())})

    def plugin(self, **more: object) -> str:
        """Create a plugin and return its full name."""
        config = {**MINIMAL, "name": uuid4().hex, **more}
        made = self.send(
            ContractRequest(method="POST", path="/settings/v2/plugins", token=self.admin, body=config, form=True)
        )
        assert made.status_code == 201, made.text
        return f"Plugin-{config['name']}"

    def _log_in(self, **more: Any) -> Any:  # noqa: ANN401  # JSON
        return self.post("/ums/v2/users/login", {"username": self.user(**more), "password": "password"})

    def _log_in_with_password(self) -> dict[str, Any]:
        return {"token": "", "body": {"username": self.user(), "password": "password"}}

    def _mfa_login(self) -> dict[str, Any]:
        return {"token": self._log_in(mfa_code="123456")["accessJwt"]["token"], "body": {"code": "123456"}}

    def _mfa_resend(self) -> dict[str, Any]:
        return {"token": self._log_in(mfa_code="123456")["accessJwt"]["token"]}

    def _with_refresh_token(self) -> dict[str, Any]:
        return {"token": "", "body": {"refreshToken": self._log_in()["refreshJwt"]["token"]}}

    def _generate_code(self) -> dict[str, Any]:
        return {"token": "", "body": {"phone": self._phone()}}

    def _log_in_by_code(self) -> dict[str, Any]:
        request = self.post("/ums/v2/users/otp/generate", {"phone": self._phone()})["requestId"]
        headers = {"authorization": f"Bearer {self.admin}"}
        code = self.http.get("/sandbox/v1/messages", headers=headers).json()["messages"][0]["code"]
        return {"token": "", "body": {"requestId": request, "code": code}}

    def _phone(self) -> str:
        phone = f"+49{uuid4().int % 10**12:012}"
        self.user(phone=phone)
        return phone

    def _create_service_user(self) -> dict[str, Any]:
        body = {"active": True, "roleId": ROLE, "type": "EXTERNAL_SERVICE", "ownerOrganizationId": ORGANIZATION}
        return {"body": {**body, "name": str(uuid4()), "accessTokenExpirationInMinutes": 5}}

    def _service_user_login(self) -> dict[str, Any]:
        made = self.service_user()
        return {"token": "", "body": {"id": made["id"], "secretKey": made["secretKeyData"]["secretKey"]}}

    def _of_service_user(self) -> dict[str, Any]:
        return {"names": {"id": self.service_user()["id"]}}

    def _update_service_user(self) -> dict[str, Any]:
        return {"names": {"id": self.service_user()["id"]}, "body": {"active": False, "roleId": ROLE}}

    def _delete_secret_key(self) -> dict[str, Any]:
        made = self.service_user()
        return {"names": {"id": made["id"], "secretKeyId": made["secretKeyData"]["id"]}}

    def _subscribe(self) -> dict[str, Any]:
        return {"body": {**_NOTE, "endpoint": f"https://{uuid4()}.example"}}

    def _unsubscribe(self) -> dict[str, Any]:
        made = self._subscribe()
        self.post("/dispatcher/v1/hooks/notifications/subscribe", made["body"])
        return made

    def _create_interception(self) -> dict[str, Any]:
        body = {"type": "PRE_REQUEST", "apiId": f"{PATIENTS}/templates/{{templateName}}", "entityName": "patient"}
        more = {"pathFilters": {"templateName": "a"}, "executionOrder": 40}
        return {"body": {**body, **more, "endpoint": f"https://{uuid4()}.example"}}

    def _delete_interception(self) -> dict[str, Any]:
        made = self._create_interception()
        self.post("/dispatcher/v1/hooks/interceptions/subscribe", made["body"])
        del made["body"]["executionOrder"]
        return made

    def _create_plugin(self) -> dict[str, Any]:
        config = {**MINIMAL, **_SETTINGS, "name": uuid4().hex, "deploymentPackageType": "ZIP"}
        return {"body": config, "form": True, "code": CODE}

    def _of_plugin(self) -> dict[str, Any]:
        return {"names": {"name": self.plugin()}}

    def _update_plugin(self) -> dict[str, Any]:
        config = {"displayName": "Other", "version": 2, "runtime": "python3.13", **_SETTINGS}
        return {"names": {"name": self.plugin()}, "body": config, "form": True, "code": CODE}

    def locked(self, request: ContractRequest, key: str) -> httpx.Response:
        """Return the response to the right secret after too many wrong ones."""
        for _ in range(FAILURES_ALLOWED):
            self.send(request.changed(**{key: "wrong"}))
        return self.send(request)

    def with_all_keys(self, request: ContractRequest) -> httpx.Response:
        """Return the response to one secret key too many."""
        for _ in range(MAX_SECRET_KEYS - 1):
            self.send(request)
        return self.send(request)


_MAKERS: Mapping[str, Callable[[ContractRequests], dict[str, Any]]] = {
    "ums.login": ContractRequests._log_in_with_password,
    "ums.mfaLogin": ContractRequests._mfa_login,
    "ums.mfaResend": ContractRequests._mfa_resend,
    "ums.refreshToken": ContractRequests._with_refresh_token,
    "ums.tokenLogin": ContractRequests._with_refresh_token,
    "ums.logout": ContractRequests._with_refresh_token,
    "ums.generateOtp": ContractRequests._generate_code,
    "ums.otpLogin": ContractRequests._log_in_by_code,
    "ums.createServiceUser": ContractRequests._create_service_user,
    "ums.serviceUserLogin": ContractRequests._service_user_login,
    "ums.getServiceUserById": ContractRequests._of_service_user,
    "ums.deleteServiceUser": ContractRequests._of_service_user,
    "ums.createSecretKey": ContractRequests._of_service_user,
    "ums.updateServiceUser": ContractRequests._update_service_user,
    "ums.deleteSecretKey": ContractRequests._delete_secret_key,
    "dispatcher.subscribe": ContractRequests._subscribe,
    "dispatcher.unsubscribe": ContractRequests._unsubscribe,
    "dispatcher.createInterception": ContractRequests._create_interception,
    "dispatcher.deleteInterception": ContractRequests._delete_interception,
    "settings.create": ContractRequests._create_plugin,
    "settings.get": ContractRequests._of_plugin,
    "settings.delete": ContractRequests._of_plugin,
    "settings.partialUpdate": ContractRequests._update_plugin,
}

"""BioT's own generated clients for UMS and dispatcher, unchanged from the package index, work with the local BioT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import biotmed_dispatcher_sdk as dispatcher
import biotmed_ums_sdk as ums
import jwt
import pytest

from sandbox.ums.accounts import UserDraft, create_user
from sandbox.ums.permissions import PUBLISHER

if TYPE_CHECKING:
    from tests.support.sandbox.running_sandbox import Sandbox

PATIENTS = "POST/organization/v1/users/patients"


def sent(model: Any, **body: object) -> Any:  # noqa: ANN401 - the generated models, by their names on the wire
    return model.from_dict(body)


def ums_client(sandbox: Sandbox, token: str | None = None) -> ums.ApiClient:
    return ums.ApiClient(ums.Configuration(host=f"{sandbox.base_url}/ums", access_token=token))


def dispatcher_client(sandbox: Sandbox) -> dispatcher.ApiClient:
    user = sandbox.service_user
    request = sent(ums.ServiceUserAccessTokenRequest, id=user.id, secretKey=user.secret_key)
    token = ums.ServiceUserAPIApi(ums_client(sandbox)).service_user_login(request).access_token
    host = f"{sandbox.base_url}/dispatcher"
    return dispatcher.ApiClient(dispatcher.Configuration(host=host, access_token=token))


def test_a_user_logs_in_refreshes_and_logs_out(sandbox: Sandbox) -> None:
    login = ums.LoginAPIApi(ums_client(sandbox))
    page = login.login(ums.LoginRequestV2(username=sandbox.admin_username, password=sandbox.admin_password))
    assert page.refresh_jwt is not None
    again = login.refresh_token(sent(ums.RefreshTokenRequest, refreshToken=page.refresh_jwt.token))

    assert (page.mfa_required, page.password_reset_required) == (False, False)
    assert again.user_id == page.user_id
    assert again.access_jwt.token != page.access_jwt.token
    login.logout(sent(ums.LogoutRequest, refreshToken=page.refresh_jwt.token))
    with pytest.raises(ums.exceptions.ForbiddenException, match="REFRESH_TOKEN_NOT_VALID"):
        login.refresh_token(sent(ums.RefreshTokenRequest, refreshToken=page.refresh_jwt.token))
    with pytest.raises(ums.exceptions.ForbiddenException, match="LOGIN_FAILED"):
        login.login(ums.LoginRequestV2(username=sandbox.admin_username, password="wrong"))


def test_a_user_with_a_second_step_logs_in(sandbox: Sandbox) -> None:
    draft = UserDraft(username="mfa@example.com", password="password", scopes=PUBLISHER, mfa_code="123456")
    with sandbox.running.state.database.write() as connection:
        create_user(connection, draft)
    first = ums.LoginAPIApi(ums_client(sandbox)).login(
        ums.LoginRequestV2(username="mfa@example.com", password="password")
    )
    second = ums.MFALoginAPIApi(ums_client(sandbox, first.access_jwt.token)).mfa_login(
        ums.MfaLoginRequestV2(code="123456")
    )

    assert first.mfa_required
    assert second.refresh_jwt is not None
    assert not second.mfa_required


def test_service_users_are_created_and_the_public_key_verifies_their_tokens(sandbox: Sandbox) -> None:
    services = ums.ServiceUserAPIApi(ums_client(sandbox, sandbox.admin_token()))
    draft = {"roleId": "00000000-0000-4000-8000-0000000000aa", "type": "EXTERNAL_SERVICE", "name": "sdk"}
    created = services.create_service_user(sent(ums.CreateServiceUserRequest, **draft))
    more = services.create_secret_key(created.id)
    login = sent(ums.ServiceUserAccessTokenRequest, id=created.id, secretKey=more.secret_key)
    token = services.service_user_login(login).access_token
    key = ums.SecurityAPIApi(ums_client(sandbox)).get_public_key().public_key

    pem = f"-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----"
    assert jwt.decode(token, pem, ["RS512"])["serviceUserId"] == str(created.id)


def test_notifications_are_subscribed_found_and_unsubscribed(sandbox: Sandbox) -> None:
    api = dispatcher.SubscriptionAPIApi(dispatcher_client(sandbox))
    note = {"entityTypeName": "device", "actionName": "_create", "endpoint": "https://a.example", "templateName": "x"}
    created = api.subscribe(sent(dispatcher.SubscribeRequest, **note))
    search = sent(dispatcher.SearchRequestV2, filter={"endpoint": {"like": "a.example"}}, limit=10)
    page = api.search_subscriptions(search)

    assert [first.id for first in page.data] == [created.id]
    assert page.metadata.page is not None
    assert page.metadata.page.total_results == 1
    api.unsubscribe(sent(dispatcher.UnsubscribeRequest, **note))
    assert api.search_subscriptions().data == []
    with pytest.raises(dispatcher.exceptions.NotFoundException, match="SUBSCRIBER_NOT_FOUND"):
        api.unsubscribe(sent(dispatcher.UnsubscribeRequest, **note))


def test_interceptions_are_subscribed_found_and_unsubscribed(sandbox: Sandbox) -> None:
    api = dispatcher.InterceptionAPIApi(dispatcher_client(sandbox))
    # The generated models require both names.
    first = {"type": "PRE_REQUEST", "apiId": PATIENTS, "entityName": "", "endpoint": "https://a.example"}
    second = {"type": "ADAPT_ENTITY", "apiId": "", "entityName": "patient", "endpoint": "https://a.example"}
    model = dispatcher.CreateInterceptionRequest
    created = [api.create_interception(sent(model, **body, executionOrder=20)) for body in (first, second)]
    search = sent(dispatcher.SearchRequestV2, sort=[{"prop": "type", "order": "DESC"}])
    page = api.search_interceptions(search)

    assert [(item.id, item.execution_order) for item in page.data] == [(item.id, 20) for item in created]
    for body in (first, second):
        api.delete_interception(sent(dispatcher.DeleteInterceptionRequest, **body))
    assert api.search_interceptions().data == []
    with pytest.raises(dispatcher.exceptions.BadRequestException, match="INVALID_API_ID"):
        api.create_interception(sent(model, **{**first, "apiId": "POST/nowhere"}))

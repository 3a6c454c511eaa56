"""Who may use the registry: the plugin repository needs a log-in, other repositories only to change them."""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING

from sandbox.instance_state import state_of
from sandbox.registry.push_credentials import USERNAME, is_password
from sandbox.registry.repository_names import PLUGIN_REPOSITORY, checked_repository
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from starlette.requests import Request


def require_login(request: Request) -> None:
    """Check the user name and password of a request.

    Raises:
        ApiError: 401 ``UNAUTHORIZED``: there are none, or they are wrong or have ended.
    """
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic" or not encoded:
        msg = "The registry needs a log-in. Its credentials come from temp-credentials and are valid for an hour."
        raise ApiError(401, "UNAUTHORIZED", msg)
    try:
        user, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        user = password = ""
    state = state_of(request)
    with state.database.read() as connection:
        accepted = is_password(connection, password, state.clock.now())
    if not (accepted and hmac.compare_digest(user.encode(), USERNAME.encode())):
        msg = "Your authorization token has expired, or it is wrong. Ask for new credentials and log in again."
        raise ApiError(401, "UNAUTHORIZED", msg)


def repository_to_read(request: Request) -> str:
    """Return the repository of a request that changes nothing.

    Raises:
        ApiError: 400 ``NAME_INVALID``, 401 ``UNAUTHORIZED``.
    """
    name = checked_repository(request.path_params["name"])
    if name == PLUGIN_REPOSITORY or "authorization" in request.headers:
        require_login(request)
    return name


def repository_to_change(request: Request) -> str:
    """Return the repository of a request that changes it.

    Raises:
        ApiError: 400 ``NAME_INVALID``, 401 ``UNAUTHORIZED``.
    """
    name = checked_repository(request.path_params["name"])
    require_login(request)
    return name

"""Who may use the console: a browser that opened the address which the command line printed.

The printed address has a key that is valid for one start of the local BioT. Opening it exchanges the
key for a cookie that scripts cannot read and that other sites cannot cause to be sent. Every form
has a token, so that no page of another site can submit one.
"""

from __future__ import annotations

import hmac
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING

from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

PATH = "/console"
KEY_PARAMETER = "key"
TOKEN_FIELD = "formToken"  # noqa: S105 - the name of a field
_OWN_SITES = frozenset({"same-origin", "none"})
"""``Sec-Fetch-Site`` of requests that a page of the console makes, and that a person makes with the address bar
(Fetch Metadata Request Headers, W3C). Browsers that do not send the header are judged by cookie and token alone."""


class ConsoleAccess:
    """The secrets of one start of the local BioT.

    Attributes:
        form_token: Proves that a form came from the console.
    """

    def __init__(self) -> None:
        self._key = secrets.token_urlsafe(24)
        self._session = secrets.token_urlsafe(24)
        self.form_token = secrets.token_urlsafe(24)

    def address(self, base_url: str) -> str:
        """The address to open in a browser."""
        return f"{base_url}{PATH}?{KEY_PARAMETER}={self._key}"

    def session_for(self, key: str) -> str | None:
        """The value of the cookie for the right key; None for any other."""
        return self._session if hmac.compare_digest(key.encode(), self._key.encode()) else None

    def require_browser(self, request: Request, cookie: str) -> None:
        """Refuse a request that no page of the console made.

        Args:
            request: The request.
            cookie: The name of the session's cookie.

        Raises:
            ApiError: 403.
        """
        site = request.headers.get("sec-fetch-site", "none")
        session = request.cookies.get(cookie, "")
        if site not in _OWN_SITES or not hmac.compare_digest(session.encode(), self._session.encode()):
            message = "Open the console with the address that `biot-plugin sandbox` or `biot-plugin dev` printed."
            raise ApiError(HTTPStatus.FORBIDDEN, "ACCESS_DENIED", message)

    def require_form(self, fields: Mapping[str, object]) -> None:
        """Refuse a form that does not come from the console of this start.

        Raises:
            ApiError: 403.
        """
        token = fields.get(TOKEN_FIELD)
        if not isinstance(token, str) or not hmac.compare_digest(token.encode(), self.form_token.encode()):
            message = "This form is from another start of the local BioT. Reload the page and send it again."
            raise ApiError(HTTPStatus.FORBIDDEN, "ACCESS_DENIED", message)

"""Log in to BioT as the plugin's service user. This runs only when the plugin calls BioT."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from plugin.errors import BiotError
from plugin.send_request import Answer, Request, send_twice
from plugin.settings import Settings

LOGIN_PATH = "/ums/v2/services/accessToken"
LOGIN_TIMEOUT = 10.0
# A token is not used in its last minute, because it could expire on the way.
SAFETY_MARGIN = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """The service user's token, and how long it can be used."""

    text: str = field(repr=False)
    use_until: datetime


# Cached between the calls of one Lambda process, by BioT address and service user: a login is expensive for BioT.
_TOKENS: dict[tuple[str, str], AccessToken] = {}


def login(settings: Settings, traceparent: str, remaining_seconds: Callable[[], float]) -> str:
    """Return an access token: the cached one if it is still valid, otherwise a new one.

    Raises:
        BiotError: BioT refused the login, or its answer contains no token.
        ConfigurationError: The service user is not configured.
        TimeoutError: BioT did not answer in time.
        ConnectionError: BioT could not be reached, twice.
    """
    user = (settings.base_url, settings.service_user_id)
    cached = _TOKENS.get(user)
    if cached and datetime.now(UTC) < cached.use_until:
        return cached.text
    request = Request(
        method="POST",
        url=settings.url(LOGIN_PATH),
        headers={"traceparent": traceparent},
        body=settings.credentials(),
    )
    token = read_token(send_twice(request, LOGIN_TIMEOUT, remaining_seconds))
    _TOKENS[user] = token
    return token.text


def read_token(answer: Answer) -> AccessToken:
    """Return the token of BioT's answer to a login."""
    call = f"POST {LOGIN_PATH}"
    if not answer.ok:
        raise BiotError(call, answer.status, answer.code)
    try:
        text, expiration = answer.json["accessToken"], answer.json["accessTokenExpiration"]
        use_until = datetime.fromisoformat(expiration) - SAFETY_MARGIN
        use_until = use_until.replace(tzinfo=use_until.tzinfo or UTC)
    except (KeyError, TypeError, ValueError):
        raise BiotError(call, answer.status, "ANSWER_WITHOUT_TOKEN") from None
    return AccessToken(text=str(text), use_until=use_until)


def forget_tokens() -> None:
    """Clear the cached tokens; the next call to BioT logs in again."""
    _TOKENS.clear()

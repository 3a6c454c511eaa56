"""Who publishes: read from variables, wherever those come from. Reads nothing itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from builder.publishing.api_values import SecretText
from builder.publishing.failures import AccessDenied

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN = "BIOT_TOKEN"  # noqa: S105 - the name of a variable
SERVICE_USER = ("BIOT_SERVICE_USER_ID", "BIOT_SERVICE_USER_SECRET_KEY")
USER = ("BIOT_USERNAME", "BIOT_PASSWORD")
VARIABLES = (TOKEN, *SERVICE_USER, *USER)
MFA_CODE = "BIOT_MFA_CODE"
SUPPORTED_CREDENTIALS = (
    "BIOT_TOKEN, or BIOT_SERVICE_USER_ID and BIOT_SERVICE_USER_SECRET_KEY, or BIOT_USERNAME and BIOT_PASSWORD"
)
_KINDS = ((TOKEN,), SERVICE_USER, USER)
_HEADER_TEXT = re.compile(r"[!-~]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenCredentials:
    """A token that somebody else got, such as by "Copy token" in the Console. It cannot be renewed."""

    token: SecretText = field(repr=False)

    kind = "token"
    principal = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceUserCredentials:
    """A service user of BioT: what automation has."""

    principal: str
    secret_key: SecretText = field(repr=False)

    kind = "service user"


@dataclass(frozen=True, kw_only=True, slots=True)
class UserCredentials:
    """A user of the Console."""

    principal: str
    password: SecretText = field(repr=False)

    kind = "user"


Credentials = TokenCredentials | ServiceUserCredentials | UserCredentials


def read_credentials(variables: Mapping[str, str], source: str) -> Credentials | None:
    """The credentials among variables; None when there are none at all.

    Args:
        variables: Only ``VARIABLES`` are looked at; an empty one is one that is not there (as CI sets missing secrets).
        source: Where they come from, as part of a sentence.

    Raises:
        AccessDenied: Half a pair, several kinds at once, or a token that cannot be one.
    """
    given = {name: variables[name] for name in VARIABLES if variables.get(name, "").strip()}
    found = [names for names in _KINDS if any(name in given for name in names)]
    if not found:
        return None
    if len(found) > 1:
        names = ", ".join(name for name in VARIABLES if name in given)
        msg = f"{source} has several kinds of credentials: {names}."
        raise AccessDenied(msg, hint=f"Keep one kind: {SUPPORTED_CREDENTIALS}.")
    for name in found[0]:
        if name not in given:
            other = next(one for one in found[0] if one in given)
            empty = "is empty" if name in variables else "is missing"
            msg = f"{source} has {other}, and {name} {empty}."
            raise AccessDenied(msg, hint=f"Set {' and '.join(found[0])} together.")
    return _credentials(found[0], given, source)


def _credentials(names: tuple[str, ...], given: Mapping[str, str], source: str) -> Credentials:
    if names == USER:
        return UserCredentials(principal=given[USER[0]].strip(), password=SecretText(given[USER[1]]))
    if names == SERVICE_USER:
        return ServiceUserCredentials(
            principal=given[SERVICE_USER[0]].strip(), secret_key=SecretText(given[SERVICE_USER[1]].strip())
        )
    token = given[TOKEN].strip().removeprefix("Bearer ").strip()
    if not is_token(token):
        msg = f"{source} has a {TOKEN} that is no access token: it holds spaces, line breaks or other signs."
        raise AccessDenied(msg, hint='Copy it again, alone and whole (BioT Console, user menu, "Copy token").')
    return TokenCredentials(token=SecretText(token))


def is_token(text: str) -> bool:
    """Whether a text can stand in a header as a token."""
    return _HEADER_TEXT.fullmatch(text) is not None

"""Credentials, taken from variables of any source. Pure: reads no file and no environment."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from builder.network.secret_text import SecretText
from builder.publishing.failures import AccessDenied

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN = "BIOT_TOKEN"  # noqa: S105 - the name of a variable
SERVICE_USER = ("BIOT_SERVICE_USER_ID", "BIOT_SERVICE_USER_SECRET_KEY")
USER = ("BIOT_USERNAME", "BIOT_PASSWORD")
VARIABLES = (TOKEN, *SERVICE_USER, *USER)
MFA_CODE = "BIOT_MFA_CODE"
_PREFIX = "BIOT_"
_SOURCE_PREFIX = "BIOT_FROM_"
SUPPORTED_CREDENTIALS = (
    "BIOT_TOKEN, or BIOT_SERVICE_USER_ID and BIOT_SERVICE_USER_SECRET_KEY, or BIOT_USERNAME and BIOT_PASSWORD"
)
_KINDS = ((TOKEN,), SERVICE_USER, USER)
_HEADER_TEXT = re.compile(r"[!-~]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenCredentials:
    """An access token, such as from "Copy token" in the Console. It cannot be renewed."""

    token: SecretText = field(repr=False)

    kind = "token"
    principal = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceUserCredentials:
    """A service user of BioT, for automation."""

    principal: str
    secret_key: SecretText = field(repr=False)

    kind = "service user"


@dataclass(frozen=True, kw_only=True, slots=True)
class UserCredentials:
    """A user of the BioT Console."""

    principal: str
    password: SecretText = field(repr=False)

    kind = "user"


Credentials = TokenCredentials | ServiceUserCredentials | UserCredentials


def read_credentials(variables: Mapping[str, str], source: str) -> Credentials | None:
    """The credentials in variables; None when there are none.

    Args:
        variables: Only ``VARIABLES`` are read. An empty variable counts as missing (CI sets missing secrets so).
        source: Where they come from, as the subject of a sentence.

    Raises:
        AccessDenied: Half of a pair is missing, there are several kinds, or the token is malformed.
    """
    values = {name: variables[name] for name in VARIABLES if variables.get(name, "").strip()}
    kinds = [names for names in _KINDS if any(name in values for name in names)]
    if not kinds:
        return None
    if len(kinds) > 1:
        names = ", ".join(name for name in VARIABLES if name in values)
        msg = f"{source} has several kinds of credentials: {names}."
        raise AccessDenied(msg, hint=f"Keep one kind: {SUPPORTED_CREDENTIALS}.")
    for name in kinds[0]:
        if name not in values:
            other = next(partner for partner in kinds[0] if partner in values)
            problem = "is empty" if name in variables else "is missing"
            msg = f"{source} has {other}, but {name} {problem}."
            raise AccessDenied(msg, hint=f"Set {' and '.join(kinds[0])} together.")
    return _credentials(kinds[0], values, source)


def _credentials(names: tuple[str, ...], values: Mapping[str, str], source: str) -> Credentials:
    if names == USER:
        return UserCredentials(principal=values[USER[0]].strip(), password=SecretText(values[USER[1]]))
    if names == SERVICE_USER:
        return ServiceUserCredentials(
            principal=values[SERVICE_USER[0]].strip(), secret_key=SecretText(values[SERVICE_USER[1]].strip())
        )
    token = values[TOKEN].strip().removeprefix("Bearer ").strip()
    if not is_token(token):
        msg = f"{source} has a malformed {TOKEN}: it contains spaces, line breaks or other invalid characters."
        raise AccessDenied(msg, hint='Copy the complete token again (BioT Console, user menu, "Copy token").')
    return TokenCredentials(token=SecretText(token))


def source_variables(variables: Mapping[str, str]) -> Mapping[str, str]:
    """The variables for the environment of ``--from``: ``BIOT_FROM_TOKEN`` counts as ``BIOT_TOKEN``, and so on.

    Without such credentials, both environments have the same ones.
    """
    names = (*VARIABLES, MFA_CODE)
    found = {name: variables.get(name.replace(_PREFIX, _SOURCE_PREFIX, 1), "") for name in names}
    if not any(value.strip() for value in found.values()):
        return variables
    return {**variables, **found}


def is_token(text: str) -> bool:
    """Whether a text can be sent as a token in a header."""
    return _HEADER_TEXT.fullmatch(text) is not None

"""The log-in to Amazon ECR with the temporary credentials that BioT gives for its repository of images.

Sources: BioT specification 2.4.2, settings, ``getDockerRepositoryTempCredentials``; Amazon ECR API
reference, ``GetAuthorizationToken`` (2026-11): the token is valid for 12 hours.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from builder.network.certificates import is_loopback
from builder.network.secret_text import SecretText
from builder.quoting import printable
from builder.registry.image_references import InvalidReferenceError, parse_reference
from builder.registry.registry_failures import RegistryAccessDeniedError
from builder.registry.registry_log_in import RegistryCredentials

if TYPE_CHECKING:
    from builder.registry.image_references import ImageReference
    from builder.registry.registry_log_in import CredentialSource

_ECR_HOST = re.compile(r"[0-9]{12}\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]")
_SECONDS = 30


class InvalidTempCredentialsError(ValueError):
    """BioT's answer is not the one of ``temp-credentials``; the message is part of a sentence, without any secret."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TempCredentials:
    """BioT's temporary credentials for its repository of images.

    Attributes:
        access_key_id: Of AWS.
        secret_access_key: Of AWS.
        session_token: Of AWS.
        expiration: When they expire; the log-in made with them is valid longer.
        region: Of the repository.
        repository: The repository, without a tag.
    """

    access_key_id: str = field(repr=False)
    secret_access_key: SecretText = field(repr=False)
    session_token: SecretText = field(repr=False)
    expiration: datetime
    region: str
    repository: ImageReference


def parse_temp_credentials(document: Mapping[str, object]) -> TempCredentials:
    """Read BioT's answer.

    Raises:
        InvalidTempCredentialsError: Something is missing, or the region is not the repository's.
    """
    credentials = document.get("credentials")
    texts = credentials if isinstance(credentials, Mapping) else {}
    values = {key: texts.get(key) for key in ("accessKeyId", "secretAccessKey", "sessionToken", "expiration")}
    values |= {key: document.get(key) for key in ("region", "repositoryUri")}
    for key, value in values.items():
        if not isinstance(value, str) or not value.strip():
            msg = f"temporary credentials without {key}"
            raise InvalidTempCredentialsError(msg)
    found = {key: str(value) for key, value in values.items()}
    repository = _read_repository(found["repositoryUri"])
    return TempCredentials(
        access_key_id=found["accessKeyId"],
        secret_access_key=SecretText(found["secretAccessKey"]),
        session_token=SecretText(found["sessionToken"]),
        expiration=_read_time(found["expiration"]),
        region=_read_region(found["region"], repository),
        repository=repository,
    )


def ecr_credentials(temporary: Callable[[], TempCredentials], environ: Mapping[str, str]) -> CredentialSource:
    """The source of the registry's user name and password.

    Args:
        temporary: Asks BioT for temporary credentials; called again when the registry refuses the password.
        environ: The process's environment, which may name certificates.
    """
    return lambda: _log_in(temporary(), environ)


def _log_in(temporary: TempCredentials, environ: Mapping[str, str]) -> RegistryCredentials:
    try:
        from boto3.session import Session
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        msg = "Pushing an image needs boto3, which is not installed."
        raise RegistryAccessDeniedError(msg, hint='Install it: `pip install "biot-plugin-kit[image]"`.') from None
    local = is_loopback(temporary.repository.base_url)
    reason = ""
    try:
        client = Session(
            aws_access_key_id=temporary.access_key_id,
            aws_secret_access_key=temporary.secret_access_key.reveal(),
            aws_session_token=temporary.session_token.reveal(),
            region_name=temporary.region,
        ).client(
            "ecr",
            # The local BioT answers ECR's call itself; requests to this machine must not pass a proxy.
            endpoint_url=temporary.repository.base_url if local else None,
            verify=environ.get("SSL_CERT_FILE") or None,
            config=Config(
                connect_timeout=_SECONDS,
                read_timeout=_SECONDS,
                retries={"mode": "standard", "max_attempts": 4},
                proxies={} if local else None,
            ),
        )
        answer = client.get_authorization_token()
    except ClientError as error:
        reason = str(error.response.get("Error", {}).get("Code", "an error"))
    except BotoCoreError as error:
        reason = type(error).__name__
    else:
        return _read_answer(answer)
    # Outside of the except clauses: a traceback must not lead to a request with credentials.
    msg = f"Amazon ECR in {temporary.region} did not accept BioT's temporary credentials: {printable(reason, 100)}."
    raise RegistryAccessDeniedError(msg, hint="Run the command again; BioT's credentials are valid for one hour.")


def _read_answer(answer: Mapping[str, Any]) -> RegistryCredentials:
    try:
        data = answer["authorizationData"][0]
        username, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
        expires = data.get("expiresAt")
    except (LookupError, TypeError, ValueError):
        username = password = ""
        expires = None
    if not username or not password:
        msg = "Amazon ECR answered without an authorization token."
        raise RegistryAccessDeniedError(msg, hint="Run the command again later.")
    return RegistryCredentials(
        username=username,
        password=SecretText(password),
        expires=expires if isinstance(expires, datetime) else None,
    )


def _read_repository(text: str) -> ImageReference:
    try:
        repository = parse_reference(text)
    except InvalidReferenceError as error:
        msg = f"a repositoryUri that is not a repository: {printable(text, 200)}"
        raise InvalidTempCredentialsError(msg) from error
    if repository.tag or repository.digest or not text.startswith(f"{repository.registry}/"):
        msg = f"a repositoryUri that is not registry and repository: {printable(text, 200)}"
        raise InvalidTempCredentialsError(msg)
    return repository


def _read_region(region: str, repository: ImageReference) -> str:
    host = _ECR_HOST.fullmatch(repository.registry)
    if not _REGION.fullmatch(region) or (host and host[1] != region):
        msg = f"the region {printable(region, 60)}, which is not the one of {printable(str(repository), 200)}"
        raise InvalidTempCredentialsError(msg)
    return region


def _read_time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        msg = f"an unreadable expiration: {printable(text, 60)}"
        raise InvalidTempCredentialsError(msg) from error

"""One S3 bucket through boto3, with the operator's AWS settings, short timeouts, and clear failures.

boto3 decides which credentials, profile, region, proxy and endpoint (``AWS_ENDPOINT_URL_S3``) count. Its error messages
are not shown, because they could contain credentials; its error codes are.
"""

from __future__ import annotations

import re
import threading
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from enum import Enum, auto
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

CONNECT_SECONDS: Final = 1.0
READ_SECONDS: Final = 2.0
"""Longest silence while waiting for a response."""
CONNECTIONS: Final = 8
_CHUNK: Final = 1 << 18
_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9_.-]+)*)/?")
_NOT_CODE = re.compile(r"[^A-Za-z0-9.]")
_MAX_CODE_LENGTH: Final = 40
_FORBIDDEN, _NOT_FOUND, _TOO_MANY, _SERVER_FAILED = 403, 404, 429, 500
_CONFLICTS: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html (2026-11-29)"""
_REFUSED: Final = frozenset({"AccessDenied", "403"})
_TRANSIENT_FAILURES: Final = {
    "ConnectTimeoutError": "it does not respond in time",
    "ReadTimeoutError": "it does not respond in time",
    "EndpointConnectionError": "it is unreachable",
    "ProxyConnectionError": "the proxy is unreachable",
    "SSLError": "this machine does not trust its certificate (set AWS_CA_BUNDLE to your company's CA file)",
    "ConnectionClosedError": "the connection broke",
    "ResponseStreamingError": "the connection broke",
    "IncompleteReadError": "the connection broke",
    "HTTPClientError": "it is unreachable",
}
_PERMANENT_FAILURES: Final = {
    "RecursionError": "it redirects in a loop",
    "NoCredentialsError": "no AWS credentials were found",
    "PartialCredentialsError": "the AWS credentials are incomplete",
    "CredentialRetrievalError": "the AWS credentials are unavailable",
    "ProfileNotFound": "your AWS configuration has no profile with the name in AWS_PROFILE or AWS_DEFAULT_PROFILE",
}


class BucketErrorKind(Enum):
    """What a failure means for the next attempt."""

    ABSENT = auto()
    """There is no such object."""
    REFUSED = auto()
    """Access is denied; or, where listing is denied, there is no such object."""
    EXISTS = auto()
    """There is such an object already, or another machine writes it now."""
    TRANSIENT = auto()
    """The next attempt may succeed."""
    PERMANENT = auto()
    """No attempt will succeed."""


class BucketError(Exception):
    """A request to the bucket failed; ``reason`` fits after a colon."""

    def __init__(self, reason: str, kind: BucketErrorKind) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind


class BucketAddress(Struct, frozen=True, kw_only=True):
    """``s3://bucket/prefix``; the prefix may be empty."""

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, text: str) -> BucketAddress:
        """Read an address.

        Raises:
            ValueError: It is not an address, or has characters that some S3 servers read differently.
        """
        match = _ADDRESS.fullmatch(text)
        if match is None:
            message = "it is not s3://BUCKET/PREFIX with letters, digits, '.', '_' and '-' between the slashes"
            raise ValueError(message)
        return cls(bucket=match[1], prefix=match[2].strip("/"))

    def key(self, name: str) -> str:
        """The key of an object below the prefix."""
        return f"{self.prefix}/{name}".lstrip("/")

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


def has_boto3() -> bool:
    """Whether boto3 is installed; does not import it."""
    return find_spec("boto3") is not None


class Bucket:
    """The objects below one address; boto3 is imported by the first call, in the thread that makes it.

    Args:
        address: The address.
        connect_seconds: Longest wait for a connection.
        read_seconds: Longest silence while waiting for a response; None for ``READ_SECONDS``.
    """

    def __init__(
        self, address: BucketAddress, *, connect_seconds: float = CONNECT_SECONDS, read_seconds: float | None = None
    ) -> None:
        self.address = address
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._connecting = threading.Lock()
        self._connected: Any = None

    def read(self, name: str, target: Path, received: Callable[[int], None]) -> None:
        """Write an object's bytes to a file; after a failure the file is incomplete.

        Args:
            name: Below the prefix.
            target: The file.
            received: Called with the number of bytes of each chunk; may raise to stop.

        Raises:
            BucketError: There is no such object, or it cannot be read.
            OSError: The file cannot be written.
        """
        with _translated_errors():
            response = self._s3().get_object(**self._object(name))
            with closing(response["Body"]) as body, target.open("wb") as file:
                for chunk in body.iter_chunks(_CHUNK):
                    received(len(chunk))
                    file.write(chunk)

    def has(self, name: str) -> bool:
        """Whether there is such an object.

        Raises:
            BucketError: The request failed.
        """
        try:
            with _translated_errors(without_body=True):
                self._s3().head_object(**self._object(name))
        except BucketError as error:
            if error.kind is BucketErrorKind.ABSENT:
                return False
            raise
        return True

    def names(self, prefix: str) -> tuple[str, ...]:
        """The names of all objects that begin with a prefix, sorted.

        Raises:
            BucketError: They cannot be listed.
        """
        with _translated_errors():
            listing = self._s3().get_paginator("list_objects_v2")
            pages = listing.paginate(Bucket=self.address.bucket, Prefix=self.address.key(prefix))
            keys = [str(item["Key"]) for page in pages for item in page.get("Contents", ())]
        return tuple(sorted(key[len(self.address.key("")) :] for key in keys))

    def write(self, name: str, file: Path) -> None:
        """Add an object, or replace it.

        Raises:
            BucketError: It cannot be written.
            OSError: The file cannot be read.
        """
        with _translated_errors(), file.open("rb") as body:
            self._s3().put_object(**self._object(name), Body=body)

    def create(self, name: str) -> bool:
        """Add an empty object unless there is one; of several machines, one succeeds.

        Returns:
            Whether this machine added it. Some servers that implement S3 do not compare, and let each succeed.

        Raises:
            BucketError: It cannot be written.
        """
        try:
            with _translated_errors():
                self._s3().put_object(**self._object(name), Body=b"", IfNoneMatch="*")
        except BucketError as error:
            if error.kind is BucketErrorKind.EXISTS:
                return False
            raise
        return True

    def age(self, name: str) -> float:
        """Seconds since an object was written.

        Raises:
            BucketError: There is no such object, or the request failed.
        """
        with _translated_errors(without_body=True):
            written: datetime = self._s3().head_object(**self._object(name))["LastModified"]
        return (datetime.now(UTC) - written).total_seconds()

    def _object(self, name: str) -> dict[str, str]:
        return {"Bucket": self.address.bucket, "Key": self.address.key(name)}

    def _s3(self) -> Any:  # noqa: ANN401 - boto3 makes its clients' classes at run time
        with self._connecting:
            if self._connected is None:
                read_seconds = READ_SECONDS if self._read_seconds is None else self._read_seconds
                self._connected = _connect(self._connect_seconds, read_seconds)
            return self._connected


def _connect(connect_seconds: float, read_seconds: float) -> Any:  # noqa: ANN401 - as above
    from boto3.session import Session
    from botocore.config import Config

    config = Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"total_max_attempts": 1},
        max_pool_connections=CONNECTIONS,
        # Every pack is hashed here, and some servers that implement S3 do not support its checksums.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    try:
        return Session().client("s3", config=config)
    except ValueError as error:
        message = "AWS_ENDPOINT_URL_S3, or the endpoint in your AWS profile, is not a URL"
        raise BucketError(message, BucketErrorKind.PERMANENT) from error


@contextmanager
def _translated_errors(*, without_body: bool = False) -> Iterator[None]:
    """Turns boto3's exceptions into ``BucketError``."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise error_from_response(error.response, without_body=without_body) from error
    except (BotoCoreError, RecursionError, ValueError) as error:
        raise error_from_exception(type(error)) from error


def error_from_response(response: Mapping[str, Any], *, without_body: bool = False) -> BucketError:
    """The error for an error response of S3. Pure.

    Args:
        response: From boto3; without S3's own body the code is the status.
        without_body: For HEAD requests. Otherwise a 404 without a body comes from a proxy or a server that is not S3.
    """
    code = _NOT_CODE.sub("", str(response.get("Error", {}).get("Code", "")))[:_MAX_CODE_LENGTH]
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "NoSuchBucket":
        return BucketError("the bucket does not exist", BucketErrorKind.PERMANENT)
    if status == _NOT_FOUND and (without_body or code == "NoSuchKey"):
        return BucketError("there is no such object", BucketErrorKind.ABSENT)
    if code in _CONFLICTS:
        return BucketError("there is such an object already", BucketErrorKind.EXISTS)
    if status == _FORBIDDEN and code in _REFUSED:
        return BucketError("AccessDenied", BucketErrorKind.REFUSED)
    kind = BucketErrorKind.TRANSIENT if status == _TOO_MANY or status >= _SERVER_FAILED else BucketErrorKind.PERMANENT
    return BucketError(f"it responds with {status} {code.removeprefix(str(status))}".rstrip(), kind)


def error_from_exception(error: type[Exception]) -> BucketError:
    """The error for an exception of boto3 that is not a response. Pure."""
    for base in error.__mro__:
        if base.__name__ in _TRANSIENT_FAILURES:
            return BucketError(_TRANSIENT_FAILURES[base.__name__], BucketErrorKind.TRANSIENT)
        if base.__name__ in _PERMANENT_FAILURES:
            return BucketError(_PERMANENT_FAILURES[base.__name__], BucketErrorKind.PERMANENT)
    return BucketError(f"boto3 failed ({error.__name__})", BucketErrorKind.PERMANENT)

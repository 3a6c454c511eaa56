"""One S3 bucket through boto3: the operator's own AWS settings, short timeouts, and failures in the kit's words.

Which credentials, profile, region, proxy and endpoint (``AWS_ENDPOINT_URL_S3``) count is boto3's business. What it says
when it fails is not shown, because nothing of credentials may be; its error codes are.
"""

from __future__ import annotations

import re
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

CONNECT_SECONDS: Final = 1.0
READ_SECONDS: Final = 2.0
"""Longest silence while an answer is awaited."""
CONNECTIONS: Final = 8
_CHUNK: Final = 1 << 18
_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9_.-]+)*)/?")
_NOT_CODE = re.compile(r"[^A-Za-z0-9.]")
_LONGEST_CODE: Final = 40
_FORBIDDEN, _NOT_FOUND, _TOO_MANY, _SERVER_FAILED = 403, 404, 429, 500
_REFUSED: Final = frozenset({"AccessDenied", "403"})
_UNREACHED: Final = {
    "ConnectTimeoutError": "it does not answer in time",
    "ReadTimeoutError": "it does not answer in time",
    "EndpointConnectionError": "it cannot be reached",
    "ProxyConnectionError": "the proxy cannot be reached",
    "SSLError": "its certificate is not trusted here (AWS_CA_BUNDLE names your company's CA file)",
    "ConnectionClosedError": "the connection broke",
    "ResponseStreamingError": "the connection broke",
    "IncompleteReadError": "the connection broke",
    "HTTPClientError": "it cannot be reached",
}
_UNUSABLE: Final = {
    "RecursionError": "it sends us from one place to the next",
    "NoCredentialsError": "no AWS credentials were found",
    "PartialCredentialsError": "the AWS credentials are incomplete",
    "CredentialRetrievalError": "the AWS credentials could not be had",
    "ProfileNotFound": "your AWS configuration has no profile of the name that AWS_PROFILE or AWS_DEFAULT_PROFILE says",
}


class BucketErrorKind(Enum):
    """What a failure says about the next try."""

    ABSENT = auto()
    """There is no such object."""
    REFUSED = auto()
    """This is not allowed; or, where objects must not be listed, there is no such object."""
    PASSING = auto()
    """The next try may succeed."""
    FINAL = auto()
    """No try will succeed."""


class BucketError(Exception):
    """The bucket did not do what was asked; ``reason`` is what follows a colon."""

    def __init__(self, reason: str, kind: BucketErrorKind) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = kind


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketAddress:
    """``s3://bucket/prefix``; the prefix may be empty."""

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, text: str) -> BucketAddress:
        """Read an address.

        Raises:
            ValueError: It is none, or has characters that some S3 would take otherwise.
        """
        found = _ADDRESS.fullmatch(text)
        if found is None:
            message = "it is not s3://BUCKET/PREFIX with letters, digits, '.', '_' and '-' between the slashes"
            raise ValueError(message)
        return cls(bucket=found[1], prefix=found[2].strip("/"))

    def key(self, name: str) -> str:
        """The key of an object below the prefix."""
        return f"{self.prefix}/{name}".lstrip("/")

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


def has_boto3() -> bool:
    """Whether boto3 is installed; does not import it."""
    return find_spec("boto3") is not None


class Bucket:
    """The objects below one address; boto3 is imported by the first call, in the thread that makes it."""

    def __init__(self, address: BucketAddress) -> None:
        self.address = address
        self._connecting = threading.Lock()
        self._connected: Any = None

    def read(self, name: str, target: Path, received: Callable[[int], None]) -> None:
        """Write an object's bytes to a file; after a failure the file is worthless.

        Args:
            name: Below the prefix.
            target: The file.
            received: Told the number of bytes that came, again and again; may raise to end it.

        Raises:
            BucketError: There is no such object, or it could not be read.
            OSError: The file cannot be written.
        """
        with _telling():
            answer = self._s3().get_object(**self._object(name))
            with closing(answer["Body"]) as body, target.open("wb") as file:
                for chunk in body.iter_chunks(_CHUNK):
                    received(len(chunk))
                    file.write(chunk)

    def has(self, name: str) -> bool:
        """Whether there is such an object.

        Raises:
            BucketError: The bucket does not say.
        """
        try:
            with _telling(without_body=True):
                self._s3().head_object(**self._object(name))
        except BucketError as error:
            if error.kind is BucketErrorKind.ABSENT:
                return False
            raise
        return True

    def write(self, name: str, file: Path) -> None:
        """Add an object, or replace it.

        Raises:
            BucketError: It could not be written.
            OSError: The file cannot be read.
        """
        with _telling(), file.open("rb") as body:
            self._s3().put_object(**self._object(name), Body=body)

    def _object(self, name: str) -> dict[str, str]:
        return {"Bucket": self.address.bucket, "Key": self.address.key(name)}

    def _s3(self) -> Any:  # noqa: ANN401 - boto3 makes its clients' classes at run time
        with self._connecting:
            if self._connected is None:
                self._connected = _connect()
            return self._connected


def _connect() -> Any:  # noqa: ANN401 - as above
    from boto3.session import Session
    from botocore.config import Config

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": 1},
        max_pool_connections=CONNECTIONS,
        # Every pack is hashed here; S3's own checksums are more than some servers that speak S3 understand.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    try:
        return Session().client("s3", config=config)
    except ValueError as error:
        message = "AWS_ENDPOINT_URL_S3, or what your AWS profile says instead, is no address"
        raise BucketError(message, BucketErrorKind.FINAL) from error


@contextmanager
def _telling(*, without_body: bool = False) -> Iterator[None]:
    """Failures of boto3 as ours."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise error_from_response(error.response, without_body=without_body) from error
    except (BotoCoreError, RecursionError, ValueError) as error:
        raise error_from_exception(type(error)) from error


def error_from_response(response: Mapping[str, Any], *, without_body: bool = False) -> BucketError:
    """What an error that S3 answered means. Pure.

    Args:
        response: As boto3 gives it; without a body of S3's own the code is the status.
        without_body: To a HEAD, which has none. Else a bare 404 is somebody else's: a proxy, or no S3 at all.
    """
    code = _NOT_CODE.sub("", str(response.get("Error", {}).get("Code", "")))[:_LONGEST_CODE]
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "NoSuchBucket":
        return BucketError("the bucket does not exist", BucketErrorKind.FINAL)
    if status == _NOT_FOUND and (without_body or code == "NoSuchKey"):
        return BucketError("it is not there", BucketErrorKind.ABSENT)
    if status == _FORBIDDEN and code in _REFUSED:
        return BucketError("AccessDenied", BucketErrorKind.REFUSED)
    kind = BucketErrorKind.PASSING if status == _TOO_MANY or status >= _SERVER_FAILED else BucketErrorKind.FINAL
    return BucketError(f"it answers {status} {code.removeprefix(str(status))}".rstrip(), kind)


def error_from_exception(error: type[Exception]) -> BucketError:
    """What an exception out of boto3 means that is no answer. Pure."""
    for known in error.__mro__:
        if known.__name__ in _UNREACHED:
            return BucketError(_UNREACHED[known.__name__], BucketErrorKind.PASSING)
        if known.__name__ in _UNUSABLE:
            return BucketError(_UNUSABLE[known.__name__], BucketErrorKind.FINAL)
    return BucketError(f"boto3 gave up ({error.__name__})", BucketErrorKind.FINAL)

"""Requests to one registry: logged in, repeated while there is no usable answer, and failures as errors."""

from __future__ import annotations

import json
import random
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from builder.network.certificates import is_loopback
from builder.network.http_dates import requested_seconds
from builder.network.retries import RETRYABLE_STATUSES
from builder.network.server_connection import LostResponseError, UndeliveredError
from builder.quoting import printable
from builder.registry.registry_failures import (
    RegistryAccessDeniedError,
    RegistryError,
    RegistryNoAnswerError,
    RegistryRefusedError,
    RegistryUnreachableError,
)
from builder.registry.registry_log_in import RegistryLogIn, read_token
from builder.registry.registry_transport import RegistryResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from builder.network.secret_text import SecretText
    from builder.registry.registry_log_in import CredentialSource
    from builder.registry.registry_options import RegistryOptions
    from builder.registry.registry_transport import RegistryRequest, RegistryTransport

_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_MOST_LOG_INS: Final = 2
"""For one request: a token may expire just after it was given out."""
_SUCCESS: Final = range(200, 300)
_REDIRECT: Final = range(300, 400)


class UnusableAnswerError(Exception):
    """The registry answered, but not what the request asks for. The message is part of a sentence.

    Attributes:
        response: The answer.
    """

    def __init__(self, message: str, response: RegistryResponse) -> None:
        super().__init__(message)
        self.response = response


FAULTS: Final = (UndeliveredError, LostResponseError, UnusableAnswerError)
"""After these the same request may succeed, once it is known what the registry has."""


class Patience:
    """The attempts of one task, and the waits between them.

    Args:
        calls: The registry.
    """

    def __init__(self, calls: RegistryCalls) -> None:
        self._calls = calls
        self._attempts = 0
        self._began = time.monotonic()

    def progressed(self) -> None:
        """Something got on: the attempts count from here."""
        self._attempts = 0
        self._began = time.monotonic()

    def wait(self, fault: Exception) -> None:
        """Wait before the next attempt.

        Raises:
            RegistryError: There is no next attempt.
        """
        self._attempts += 1
        response = fault.response if isinstance(fault, UnusableAnswerError) else None
        requested = requested_seconds(response.headers) if response else None
        elapsed = time.monotonic() - self._began
        wait = self._calls.options.retries.wait(
            self._attempts,
            requested=requested,
            elapsed=elapsed,
            chance=random.random(),  # noqa: S311 - no secret
        )
        if wait is None or (isinstance(fault, UndeliveredError) and is_loopback(self._calls.base_url)):
            raise self._calls.failure(fault) from fault
        if self._calls.stopped.wait(wait):
            raise self._calls.failure(fault) from fault


class RegistryCalls:
    """Requests to one registry, for several threads.

    Args:
        base_url: The registry's address.
        transport: The connections.
        options: How often requests are repeated.
        scopes: What tokens are asked for.
        credentials: Whose access it is.
    """

    def __init__(
        self,
        base_url: str,
        transport: RegistryTransport,
        options: RegistryOptions,
        scopes: tuple[str, ...],
        credentials: CredentialSource,
    ) -> None:
        self.base_url = base_url
        self.options = options
        self.stopped = threading.Event()
        self._transport = transport
        self._log_in = RegistryLogIn(base_url, scopes, credentials, self._token_answer)

    @property
    def host(self) -> str:
        """The registry's host and port, for messages."""
        return urlsplit(self.base_url).netloc

    def query(
        self,
        request: RegistryRequest,
        statuses: Collection[int],
        check: Callable[[RegistryResponse], object] | None = None,
    ) -> RegistryResponse:
        """The answer to a request that may be sent several times.

        Args:
            request: It changes nothing, or the same each time.
            statuses: The expected ones.
            check: Raises UnusableAnswerError when the answer cannot be right.

        Raises:
            RegistryError: There is no such answer.
        """
        patience = Patience(self)
        while True:
            try:
                response = self.once(request, statuses)
                if check is not None:
                    check(response)
            except FAULTS as fault:
                patience.wait(fault)
            else:
                return response

    def once(self, request: RegistryRequest, statuses: Collection[int]) -> RegistryResponse:
        """The answer to a request that is sent once; twice when the registry asked to log in.

        Raises:
            UndeliveredError, LostResponseError, UnusableAnswerError: Ask the registry what it has.
            RegistryRefusedError, RegistryAccessDeniedError: It does not do this.
        """
        authorization = self._log_in.authorization()
        response = self._transport.send(request, authorization)
        for _ in range(_MOST_LOG_INS):
            if not _asks_for_log_in(response):
                break
            self._log_in.renew(authorization, response.headers.get("www-authenticate", ""))
            authorization = self._log_in.authorization()
            response = self._transport.send(request, authorization)
        return self._judge(response, statuses)

    @contextmanager
    def download(
        self, request: RegistryRequest, statuses: Collection[int], *, logged_in: bool = True
    ) -> Iterator[tuple[RegistryResponse, Iterator[bytes]]]:
        """Send a request once and stream the answer. Raises as ``once``.

        Args:
            request: A query.
            statuses: The expected ones.
            logged_in: False for another server than the registry, which must not get its credentials.
        """
        authorization = self._log_in.authorization() if logged_in else None
        for attempt in range(_MOST_LOG_INS + 1):
            with self._transport.stream(request, authorization) as (head, pieces):
                if head.status in statuses:
                    yield head, pieces
                    return
                response = RegistryResponse(status=head.status, headers=head.headers, body=_first_bytes(pieces))
            if not logged_in:
                # The registry may name another server when it is asked again.
                msg = f"{describe_answer(response)} from another server"
                raise UnusableAnswerError(msg, response)
            if attempt == _MOST_LOG_INS or not _asks_for_log_in(response):
                self._judge(response, statuses)
            self._log_in.renew(authorization, response.headers.get("www-authenticate", ""))
            authorization = self._log_in.authorization()

    def stop(self) -> None:
        """End the waits of every thread; what they do then fails."""
        self.stopped.set()

    def failure(self, fault: Exception) -> RegistryError:
        """The error to raise when a fault was the last one."""
        if isinstance(fault, RegistryError):
            return fault
        if isinstance(fault, UndeliveredError):
            hint = "Name the file of your company's certificate authority: SSL_CERT_FILE=/path/to/authority.pem."
            if "certificate" not in str(fault):
                hint = "Check the registry's address, the network and HTTPS_PROXY."
            return RegistryUnreachableError(f"{self.host} cannot be reached: {fault}.", hint=hint)
        return RegistryNoAnswerError(
            f"{self.host} gave no usable answer: {printable(str(fault), 400)}.", hint="Run the command again later."
        )

    def _judge(self, response: RegistryResponse, statuses: Collection[int]) -> RegistryResponse:
        page = _is_page(response)
        if response.status in statuses and not page:
            return response
        description = describe_answer(response)
        retryable = response.status in RETRYABLE_STATUSES or response.status in _SUCCESS or response.status in _REDIRECT
        if retryable or page:
            raise UnusableAnswerError(description, response)
        if response.status in {_UNAUTHORIZED, _FORBIDDEN}:
            msg = f"{self.host} denied access: {description}."
            hint = (
                "The log-in may not do this, or a proxy or firewall answered. `biot-plugin image login` tests BioT's "
                f"log-in; `docker login {self.host}` logs in to the registry of a base image."
            )
            raise RegistryAccessDeniedError(msg, hint=hint)
        msg = f"{self.host} refused the request: {description}."
        hint = "Check the image's name and the registry's address."
        raise RegistryRefusedError(msg, hint=hint, status=response.status, code=error_code(response))

    def _token_answer(self, request: RegistryRequest, authorization: SecretText | None) -> RegistryResponse:
        """Ask a token server until it gives a token or refuses to."""
        patience = Patience(self)
        while True:
            try:
                response = self._transport.send(request, authorization)
                if response.status in {*RETRYABLE_STATUSES, *_SUCCESS, *_REDIRECT} and not read_token(response.body):
                    raise UnusableAnswerError(describe_answer(response), response)
            except FAULTS as fault:
                patience.wait(fault)
            else:
                return response


def error_code(response: RegistryResponse) -> str:
    """The first error code of a registry's answer, such as ``BLOB_UNKNOWN``; empty when it has none."""
    error = _first_error(response)
    code = error.get("code")
    return printable(code, 60) if isinstance(code, str) else ""


def describe_answer(response: RegistryResponse) -> str:
    """An unexpected answer as part of a sentence."""
    error = _first_error(response)
    texts = [str(error[key]) for key in ("code", "message") if error.get(key)]
    if _is_page(response):
        texts = ["an HTML page: a proxy or portal answered, not the registry"]
    elif response.status in _REDIRECT:
        texts = ["a redirect, which is not followed"]
    return ", ".join([f"HTTP {response.status}", *(printable(text.rstrip(". "), 200) for text in texts)])


def _is_page(response: RegistryResponse) -> bool:
    """Whether this is HTML, which no registry answers."""
    return response.headers.get("content-type", "").partition(";")[0].strip().lower() == "text/html"


def _first_error(response: RegistryResponse) -> dict[str, object]:
    try:
        document = json.loads(response.body)
    except (ValueError, RecursionError):
        return {}
    errors = document.get("errors") if isinstance(document, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    return first if isinstance(first, dict) else {}


def _asks_for_log_in(response: RegistryResponse) -> bool:
    """Amazon ECR answers 403 to an expired token: "Your authorization token has expired", to HEAD without the text."""
    expired = response.status == _FORBIDDEN and (not response.body or b"expired" in response.body)
    return response.status == _UNAUTHORIZED or expired


def _first_bytes(pieces: Iterator[bytes], limit: int = 64 * 1024) -> bytes:
    """The beginning of an unexpected answer, for the message."""
    body = b""
    for piece in pieces:
        body += piece
        if len(body) >= limit:
            break
    return body[:limit]

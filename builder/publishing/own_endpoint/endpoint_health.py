"""Checks of an endpoint on one's own account: can BioT call it, and does it refuse what BioT did not send?"""

from __future__ import annotations

import base64
import ipaddress
import json
import os
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from builder.manifest.environments import LOCAL
from builder.network.certificates import NetworkSettingError, make_ssl_context
from builder.network.server_connection import (
    ConnectionTimeouts,
    LostResponseError,
    ServerConnection,
    UndeliveredError,
)
from builder.publishing.remote.health import HealthCheck, HealthState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from builder.manifest import Manifest

_SECONDS = 20.0
_MOST_BYTES = 65_536
_HOOKTYPES = {
    "PRE_REQUEST": ("INTERCEPTOR_PRE", "request"),
    "POST_REQUEST": ("INTERCEPTOR_POST", "response"),
    "ADAPT_ENTITY": ("INTERCEPTOR_POST_ENTITY", "response"),
}
"""Type of an interception -> the header ``hooktype``, and the key of the body (platform facts, read on 2026-11-20)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusalAnswer:
    """The answer to one request: its status, and the ``code`` of an error as BioT documents errors; or empty."""

    status: int
    code: str = ""


def check_endpoint(manifest: Manifest, environ: Mapping[str, str]) -> Iterator[HealthCheck]:
    """Check the endpoint of the applied environment; stops when the remaining checks would fail too.

    Args:
        manifest: A plugin on one's own account.
        environ: The process's environment, which may name certificates and proxies.
    """
    url = manifest.endpoint_url
    if not url:
        yield _problem("has no endpointUrl in this environment.", "Add endpointUrl to the environment in plugin.toml.")
        return
    if manifest.environment != LOCAL and (reason := _not_public(url)):
        yield _problem(f"{url} {reason}", "BioT must reach it: use a public name and https.")
        return
    health = f"{url.partition('?')[0].rstrip('/')}/health"
    try:
        answered = _exchange(environ, "GET", health)
        forged = _exchange(environ, "POST", url, *_forged_call(manifest))
    except (UndeliveredError, LostResponseError, NetworkSettingError) as error:
        yield _problem(f"{url} does not answer: {error}.", "Check DNS, the certificate, the proxy and the firewall.")
        return
    yield _judge_health(url, answered)
    yield judge_forged(forged)


def judge_forged(answer: RefusalAnswer) -> HealthCheck:
    """What an endpoint's answer to a forged token means. The status 401 also shows that it has BioT's public key."""
    if answer.status < 400:  # noqa: PLR2004 - every status below is no error
        return _problem("accepts a forged token.", "Check BioT's token in every call, before anything else.", "token")
    if answer.code == "PUBLIC_KEY_NOT_AVAILABLE":
        hint = "Let its host connect to BIOT_BASE_URL, where the key is."
        return _problem("cannot reach BioT's public key.", hint, "key")
    if answer.code == "CONFIGURATION_MISSING":
        return _problem("is not configured.", "Set BIOT_BASE_URL where the plugin runs.", "key")
    if answer.code == "TOKEN_NOT_VALID":
        return _ok("refuses a forged token, and has BioT's public key.")
    if answer.status in {401, 403}:
        return _ok("refuses a forged token.")
    message = f"answers a forged token with {answer.status} {answer.code}".rstrip()
    hint = "A refusal has the status 401 or 403."
    return HealthCheck(name="endpoint", state=HealthState.WARNING, message=f"It {message}.", hint=hint)


def _judge_health(url: str, answer: RefusalAnswer) -> HealthCheck:
    if answer.status == 200:  # noqa: PLR2004 - OK
        return _ok(f"answers at {url}.")
    message = f"{url} answers, but /health has the status {answer.status}."
    return HealthCheck(name="endpoint", state=HealthState.WARNING, message=message, hint="Look into its log.")


def _not_public(url: str) -> str:
    """Why BioT cannot reach an address; empty if nothing speaks against it."""
    parts = urlsplit(url)
    if parts.scheme != "https":
        return "is not https."
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except OSError:
        return "has a host name that does not exist."
    addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    return "" if any(address.is_global for address in addresses) else "has no public address."


def _forged_call(manifest: Manifest) -> tuple[dict[str, str], bytes]:
    """A call of the plugin's first hook, with a token that nobody signed."""
    claims: dict[str, object] = {
        "tokenType": "SERVICE_INTERNAL",
        "scopes": ["PLUGIN_INTERCEPTOR", "ACTION_NOTIFICATION"],
    }
    claims |= {"exp": int(time.time()) + 600}
    parts = (json.dumps({"alg": "RS512"}).encode(), json.dumps(claims).encode(), os.urandom(256))
    token = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    subscriptions = manifest.plugin.subscriptions
    body: dict[str, object] = {}
    if subscriptions.interceptions:
        hooktype, key = _HOOKTYPES[str(subscriptions.interceptions[0].type)]
        headers["hooktype"], body = hooktype, {key: {}}
    elif subscriptions.notifications:
        headers["hooktype"], body = "NOTIFICATION", {"metadata": {}, "data": {}, "jwt": token}
    return headers, json.dumps(body).encode()


def _exchange(
    environ: Mapping[str, str], method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> RefusalAnswer:
    parts = urlsplit(url)
    base = f"{parts.scheme}://{parts.netloc}"
    connection = ServerConnection(base, make_ssl_context(environ, base), timeouts=ConnectionTimeouts(), keep_alive=0)
    arguments = {"method": method, "url": url, "headers": dict(headers or {}), "content": body}
    try:
        with connection.exchange(arguments, seconds=_SECONDS) as response:
            content = b""
            for piece in response.iter_bytes():
                content += piece
                if len(content) > _MOST_BYTES:
                    break
            return RefusalAnswer(status=response.status_code, code=_code_of(content))
    finally:
        connection.close()


def _code_of(content: bytes) -> str:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return ""
    code = document.get("code") if isinstance(document, dict) else ""
    return code[:100] if isinstance(code, str) and code.isidentifier() else ""


def _ok(message: str) -> HealthCheck:
    return HealthCheck(name="endpoint", state=HealthState.OK, message=f"It {message}")


def _problem(message: str, hint: str, kind: str = "endpoint") -> HealthCheck:
    text = message if message.startswith("http") else f"It {message}"
    return HealthCheck(name="endpoint", state=HealthState.PROBLEM, message=text, hint=hint, kind=kind)

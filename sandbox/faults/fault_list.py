"""All faults as data: what each does, whether the request takes effect, and whether a client can recover.

Sources: BioT's list of errors (OpenAPI specification 2.4.2), the behaviour of gateways, proxies and captive portals,
and published faults of deployment tools (a create whose response was lost: terraform-provider-aws #30135).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sandbox.faults import alterations as alter
from sandbox.faults import faulty_responses as say
from sandbox.faults.socket_steps import ConnectionEnd

if TYPE_CHECKING:
    from sandbox.faults.socket_steps import ResponseScript


class RequestEffect(StrEnum):
    """Whether the request that meets the fault takes effect."""

    NONE = "not applied"
    APPLIED = "applied"
    LATE = "applied after the answer"
    PARTLY = "applied without its subscriptions"


class RequestRead(StrEnum):
    """How much of the request is read before the fault."""

    NOTHING = "nothing"
    PART = "part"
    ALL = "all"


class ConcurrentChange(StrEnum):
    """What another user does to the plugin of the request at the same moment."""

    CONFIG = "changes its memory"
    CODE = "publishes other code"
    DELETE = "deletes it"
    VERSION = "raises its version"


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultKind:
    """One kind of fault.

    Attributes:
        name: Its name in scenarios and in ``X-Sandbox-Fault``.
        description: What the client sees.
        script: The steps of the faulty response, or None for the real response.
        effect: Whether the request takes effect.
        recoverable: Whether a correct client reaches its goal when this happens once. What looks like a wrong address
            or a missing permission is better reported at once than tried again.
        reads: How much of the request is read; all of it if the request takes effect.
        before: What another user does before the request takes effect.
        after: What another user does after it has taken effect and before the response.
        expires_token: Whether the request's token is refused from now on.
        seconds: The default length of a pause, of a hanging connection, or of the delay before a late effect.
    """

    name: str
    description: str
    script: ResponseScript | None = None
    effect: RequestEffect = RequestEffect.NONE
    recoverable: bool = True
    reads: RequestRead = RequestRead.ALL
    before: ConcurrentChange | None = None
    after: ConcurrentChange | None = None
    expires_token: bool = False
    seconds: float = 600.0


def _applied(name: str, description: str, script: ResponseScript, *, seconds: float = 600.0) -> FaultKind:
    return FaultKind(name=name, description=description, script=script, effect=RequestEffect.APPLIED, seconds=seconds)


def _refused(name: str, description: str, script: ResponseScript, *, recoverable: bool = True) -> FaultKind:
    return FaultKind(name=name, description=description, script=script, recoverable=recoverable)


def _changed_concurrently(
    name: str, description: str, *, before: ConcurrentChange | None = None, after: ConcurrentChange | None = None
) -> FaultKind:
    return FaultKind(
        name=name, description=description, effect=RequestEffect.APPLIED, recoverable=False, before=before, after=after
    )


_RETRY_AFTER = (b"retry-after", b"2")
_CENTURY = (b"retry-after", b"3153600000")
_INTERNAL = say.error(500, "INTERNAL_SERVER_ERROR", "Something went wrong.")
_ROLLBACK = say.error(500, "PLUGIN_ROLLBACK_FAILED", "The changes could not be rolled back.", apiName="plugins")
_TIMEOUT = say.error(504, "GATEWAY_TIMEOUT", "The service did not answer in time.")
_NO_TOKEN = say.error(401, "TOKEN_NOT_VALID", "The token is not valid.")
_BAD_GATEWAY = say.page(502, "502 Bad Gateway")

_CONNECTION = (
    FaultKind(
        name="reset-before-read",
        description="reset after only the headers were read",
        script=say.ending(ConnectionEnd.RESET),
        reads=RequestRead.NOTHING,
    ),
    FaultKind(
        name="reset-mid-upload",
        description="reset in the middle of the body",
        script=say.ending(ConnectionEnd.RESET),
        reads=RequestRead.PART,
    ),
    _refused("reset-after-read", "reset after the whole request was read", say.ending(ConnectionEnd.RESET)),
    _applied("reset-after-apply", "reset after the request was applied", say.ending(ConnectionEnd.RESET)),
    _applied("reset-mid-answer", "reset after half of the response", say.cut(ConnectionEnd.RESET)),
    _refused("close-before-apply", "closed without a response", say.ending(ConnectionEnd.CLOSE)),
    _applied("close-after-apply", "applied, closed without a response", say.ending(ConnectionEnd.CLOSE)),
    _applied("close-mid-answer", "closed after half of the response", say.cut(ConnectionEnd.CLOSE)),
    _refused("hang-before-apply", "no response", say.ending(ConnectionEnd.HANG)),
    _applied("hang-after-apply", "applied, no response", say.ending(ConnectionEnd.HANG)),
    _applied("hang-mid-answer", "half of the response and then nothing", say.cut(ConnectionEnd.HANG)),
    _applied("slow-answer", "the whole response, late", say.delayed, seconds=5.0),
    _applied("slow-drip", "one byte at a time", say.drip, seconds=1.0),
    _refused("garbage", "response of another protocol", say.garbage),
)
_GATEWAYS = (
    _refused("gateway-timeout-before", "504, not applied", _TIMEOUT),
    _applied("gateway-timeout-after", "504 although it was applied", _TIMEOUT),
    FaultKind(
        name="gateway-timeout-late",
        description="504, applied afterwards",
        script=_TIMEOUT,
        effect=RequestEffect.LATE,
        seconds=2.0,
    ),
    _refused("bad-gateway", "502 with an HTML page, not applied", _BAD_GATEWAY),
    _applied("bad-gateway-after", "502 with an HTML page although it was applied", _BAD_GATEWAY),
    _refused("unavailable", "503 with an HTML page", say.page(503, "503 Service Unavailable")),
    _refused("unavailable-retry-after", "503 with Retry-After: 2", say.page(503, "Maintenance", _RETRY_AFTER)),
    _refused(
        "unavailable-retry-date", "503 with Retry-After as a date", say.retry_after_date(503, timedelta(seconds=3))
    ),
    _refused(
        "too-many-requests", "429 with Retry-After: 2", say.error(429, "TOO_MANY_REQUESTS", "Slower.", _RETRY_AFTER)
    ),
    _refused(
        "retry-after-century",
        "429 with Retry-After: 100 years",
        say.page(429, "Later", _CENTURY),
        recoverable=False,
    ),
    _refused("request-timeout", "408 with an HTML page", say.page(408, "408 Request Timeout")),
    _refused("too-large", "413 with an HTML page", say.page(413, "413 Payload Too Large"), recoverable=False),
    FaultKind(
        name="too-large-early",
        description="413 while the body is still being sent",
        script=say.page(413, "413 Payload Too Large"),
        reads=RequestRead.NOTHING,
        recoverable=False,
    ),
    _refused("misdirected", "421 with an HTML page", say.page(421, "421 Misdirected Request")),
    _refused("too-early", "425 with an HTML page", say.page(425, "425 Too Early")),
    _refused("proxy-login", "407 from a proxy", say.page(407, "Proxy Login"), recoverable=False),
    _refused(
        "not-found-page",
        "404 with an HTML page: there is no BioT behind it",
        say.page(404, "404 Not Found"),
        recoverable=False,
    ),
    _refused("captive-portal", "200 with an HTML page, not applied", say.page(200, "Welcome to the hotel")),
    _refused("redirect-302", "302 to another host", say.redirect(302), recoverable=False),
    _refused("redirect-307", "307 to another host, with method and body", say.redirect(307), recoverable=False),
    _refused("redirect-308", "308 to another host, with method and body", say.redirect(308), recoverable=False),
    _refused("redirect-loop", "308 to the same address", say.redirect_to_itself, recoverable=False),
)
_PLATFORM = (
    _refused("rolled-back", "500 INTERNAL_SERVER_ERROR, not applied", _INTERNAL),
    _applied("internal-error-after", "500 INTERNAL_SERVER_ERROR although it was applied", _INTERNAL),
    _refused(
        "aws-exception", "500 AWS_EXCEPTION, not applied", say.error(500, "AWS_EXCEPTION", "AWS.", className="Lambda")
    ),
    _refused("rollback-failed", "500 PLUGIN_ROLLBACK_FAILED, nothing applied", _ROLLBACK),
    _applied("rollback-failed-after", "500 PLUGIN_ROLLBACK_FAILED, everything applied", _ROLLBACK),
    FaultKind(
        name="rollback-failed-partly",
        description="500 PLUGIN_ROLLBACK_FAILED, applied except the subscriptions",
        script=_ROLLBACK,
        effect=RequestEffect.PARTLY,
    ),
    FaultKind(
        name="version-burnt",
        description="500 INTERNAL_SERVER_ERROR, rolled back except the version",
        script=_INTERNAL,
        recoverable=False,  # it looks like the version of another user
        before=ConcurrentChange.VERSION,
    ),
    _refused("token-refused", "401 TOKEN_NOT_VALID once", _NO_TOKEN),
    FaultKind(
        name="token-expired", description="401 until the client uses a new token", script=_NO_TOKEN, expires_token=True
    ),
    _refused("forbidden", "403 ACCESS_DENIED", say.error(403, "ACCESS_DENIED", "No."), recoverable=False),
    _refused("forbidden-page", "403 with an HTML page: a firewall", say.page(403, "Blocked"), recoverable=False),
)
_FORMS = (
    _applied("truncated-json", "half of the JSON, with the length of the half", say.altered(alter.truncated)),
    _applied("empty-body", "success without a body", say.altered(alter.emptied)),
    _applied("empty-object", "success with {}", say.altered(alter.nothing_inside)),
    _applied("length-too-small", "Content-Length is too small", say.wrong_length(-40)),
    _applied("length-too-large", "Content-Length is too large", say.wrong_length(40)),
    _applied("two-lengths", "two different Content-Lengths", say.two_lengths),
    _applied("no-length", "the body ends with the connection", say.without_length("1.1")),
    _applied("http-1.0", "a response of HTTP/1.0", say.without_length("1.0")),
    _applied("chunks-without-end", "chunks without a last one", say.chunked(b"")),
    _applied("chunk-size-wrong", "a chunk whose size is not a number", say.chunked(b"zz\r\n")),
    _applied("many-1xx", "103 sent 500 times before the response", say.early_hints(500)),
    _applied("only-1xx", "103 sent 500 times and then nothing", say.early_hints(500, then=ConnectionEnd.HANG)),
    _applied("header-flood", "a megabyte of headers", say.header_flood),
    _applied("gzip-bomb", "64 KiB that decompress to 64 MiB", say.bomb),
    _applied("huge-body", "100 MiB of whitespace before the JSON", say.huge),
    _applied("duplicate-keys", "every key twice", say.altered(alter.duplicate_keys)),
    _applied("not-a-number", "NaN in the JSON", say.altered(alter.not_a_number)),
    _applied("deep-json", "100,000 brackets", say.altered(alter.deep)),
    _applied("utf-16", "JSON in UTF-16", say.altered(alter.utf16)),
    _applied("invalid-utf-8", "a byte that is not valid in UTF-8", say.altered(alter.invalid_utf8)),
    _applied("wrong-types", "values of wrong types", say.altered(alter.wrong_types)),
    _applied("wrong-shape", "a list instead of an object", say.altered(alter.wrong_shape)),
    _applied("unknown-fields", "unknown keys", say.altered(alter.unknown_fields)),
    _applied("another-plugin", "the response about another plugin", say.altered(alter.another_plugin)),
    _applied("json-as-html", "JSON with the content type of HTML", say.altered(alter.as_html)),
    _applied("other-success", "202 instead of 200, 200 instead of 201", say.altered(alter.as_200)),
    _applied("day-ahead", "a server whose clock is a day ahead: Date and expirations", alter.skewed(1)),
    _applied("day-behind", "a server whose clock is a day behind: Date and expirations", alter.skewed(-1)),
)
_OTHERS = (
    _changed_concurrently(
        "other-config", "another user changed the plugin just before", before=ConcurrentChange.CONFIG
    ),
    _changed_concurrently("other-code", "another user published just before", before=ConcurrentChange.CODE),
    _changed_concurrently("other-code-after", "another user published just after", after=ConcurrentChange.CODE),
    _changed_concurrently("deleted", "another user deleted the plugin just before", before=ConcurrentChange.DELETE),
    _changed_concurrently("deleted-after", "another user deleted the plugin just after", after=ConcurrentChange.DELETE),
)
FAULT_KINDS = {kind.name: kind for kind in (*_CONNECTION, *_GATEWAYS, *_PLATFORM, *_FORMS, *_OTHERS)}

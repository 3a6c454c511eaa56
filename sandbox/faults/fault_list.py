"""Every fault that can be had, as data: what it does, if the request takes effect, if a client can get over it.

Collected from BioT's own list of errors (OpenAPI specification 2.4.2), from what gateways, proxies and captive portals
send, and from published faults of deploy tools (a create whose answer was lost: terraform-provider-aws #30135).
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
    """What becomes of the request that meets the fault."""

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
    """What somebody else does to the plugin of the request in the same moment."""

    CONFIG = "changes its memory"
    CODE = "publishes other code"
    DELETE = "deletes it"
    VERSION = "raises its version"


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultKind:
    """One fault.

    Attributes:
        name: As it is written in scenarios and in ``X-Sandbox-Fault``.
        about: What the client sees.
        answer: What goes over the wire, or None: the real answer.
        effect: What becomes of the request.
        recoverable: Whether a client that does everything right reaches its goal when this happens once. What looks
            like a wrong address or a missing right is better told at once than asked again.
        reads: How much of the request is read; all of it where the request takes effect.
        before: What somebody else does before the request takes effect.
        after: What somebody else does after it took effect and before the answer.
        expires_token: Whether the request's token is refused from now on.
        seconds: How long a pause, a hanging connection or the way to a late effect is, unless the scenario says so.
    """

    name: str
    description: str
    answer: ResponseScript | None = None
    effect: RequestEffect = RequestEffect.NONE
    recoverable: bool = True
    reads: RequestRead = RequestRead.ALL
    before: ConcurrentChange | None = None
    after: ConcurrentChange | None = None
    expires_token: bool = False
    seconds: float = 600.0


def _applied(name: str, description: str, answer: ResponseScript, *, seconds: float = 600.0) -> FaultKind:
    return FaultKind(name=name, description=description, answer=answer, effect=RequestEffect.APPLIED, seconds=seconds)


def _refused(name: str, description: str, answer: ResponseScript, *, recoverable: bool = True) -> FaultKind:
    return FaultKind(name=name, description=description, answer=answer, recoverable=recoverable)


def _meddled(
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
        description="reset; only the head was read",
        answer=say.ending(ConnectionEnd.RESET),
        reads=RequestRead.NOTHING,
    ),
    FaultKind(
        name="reset-mid-upload",
        description="reset in the middle of the body",
        answer=say.ending(ConnectionEnd.RESET),
        reads=RequestRead.PART,
    ),
    _refused("reset-after-read", "reset after the whole request was read", say.ending(ConnectionEnd.RESET)),
    _applied("reset-after-apply", "reset after the request took effect", say.ending(ConnectionEnd.RESET)),
    _applied("reset-mid-answer", "reset after half of the answer", say.cut(ConnectionEnd.RESET)),
    _refused("close-before-apply", "closed without an answer", say.ending(ConnectionEnd.CLOSE)),
    _applied("close-after-apply", "took effect, closed without an answer", say.ending(ConnectionEnd.CLOSE)),
    _applied("close-mid-answer", "closed after half of the answer", say.cut(ConnectionEnd.CLOSE)),
    _refused("hang-before-apply", "never answered", say.ending(ConnectionEnd.HANG)),
    _applied("hang-after-apply", "took effect, never answered", say.ending(ConnectionEnd.HANG)),
    _applied("hang-mid-answer", "half of the answer and then nothing", say.cut(ConnectionEnd.HANG)),
    _applied("slow-drip", "one byte at a time", say.drip, seconds=1.0),
    _refused("garbage", "another protocol answers", say.garbage),
)
_GATEWAYS = (
    _refused("gateway-timeout-before", "504, not applied", _TIMEOUT),
    _applied("gateway-timeout-after", "504 although it took effect", _TIMEOUT),
    FaultKind(
        name="gateway-timeout-late",
        description="504, takes effect afterwards",
        answer=_TIMEOUT,
        effect=RequestEffect.LATE,
        seconds=2.0,
    ),
    _refused("bad-gateway", "502 with a page of HTML, not applied", _BAD_GATEWAY),
    _applied("bad-gateway-after", "502 with a page of HTML although it took effect", _BAD_GATEWAY),
    _refused("unavailable", "503 with a page of HTML", say.page(503, "503 Service Unavailable")),
    _refused("unavailable-retry-after", "503 with Retry-After: 2", say.page(503, "Maintenance", _RETRY_AFTER)),
    _refused("unavailable-retry-date", "503 with Retry-After as a date", say.later(503, timedelta(seconds=3))),
    _refused(
        "too-many-requests", "429 with Retry-After: 2", say.error(429, "TOO_MANY_REQUESTS", "Slower.", _RETRY_AFTER)
    ),
    _refused(
        "retry-after-century",
        "429 with Retry-After: a hundred years",
        say.page(429, "Later", _CENTURY),
        recoverable=False,
    ),
    _refused("request-timeout", "408 with a page of HTML", say.page(408, "408 Request Timeout")),
    _refused("too-large", "413 with a page of HTML", say.page(413, "413 Payload Too Large"), recoverable=False),
    FaultKind(
        name="too-large-early",
        description="413 while the body is still coming",
        answer=say.page(413, "413 Payload Too Large"),
        reads=RequestRead.NOTHING,
        recoverable=False,
    ),
    _refused("misdirected", "421 with a page of HTML", say.page(421, "421 Misdirected Request")),
    _refused("too-early", "425 with a page of HTML", say.page(425, "425 Too Early")),
    _refused("proxy-login", "407 of a proxy in between", say.page(407, "Proxy Login"), recoverable=False),
    _refused(
        "not-found-page",
        "404 with a page of HTML: no BioT behind it",
        say.page(404, "404 Not Found"),
        recoverable=False,
    ),
    _refused("captive-portal", "200 with a page of HTML, not applied", say.page(200, "Welcome to the hotel")),
    _refused("redirect-302", "302 to another host", say.redirect(302), recoverable=False),
    _refused("redirect-307", "307 to another host, with method and body", say.redirect(307), recoverable=False),
    _refused("redirect-308", "308 to another host, with method and body", say.redirect(308), recoverable=False),
    _refused("redirect-loop", "308 to the same address", say.redirect_to_itself, recoverable=False),
)
_PLATFORM = (
    _refused("rolled-back", "500 INTERNAL_SERVER_ERROR, not applied", _INTERNAL),
    _applied("internal-error-after", "500 INTERNAL_SERVER_ERROR although it took effect", _INTERNAL),
    _refused(
        "aws-exception", "500 AWS_EXCEPTION, not applied", say.error(500, "AWS_EXCEPTION", "AWS.", className="Lambda")
    ),
    _refused("rollback-failed", "500 PLUGIN_ROLLBACK_FAILED, nothing applied", _ROLLBACK),
    _applied("rollback-failed-after", "500 PLUGIN_ROLLBACK_FAILED, everything applied", _ROLLBACK),
    FaultKind(
        name="rollback-failed-partly",
        description="500 PLUGIN_ROLLBACK_FAILED, applied but for the subscriptions",
        answer=_ROLLBACK,
        effect=RequestEffect.PARTLY,
    ),
    FaultKind(
        name="version-burnt",
        description="500 INTERNAL_SERVER_ERROR, rolled back but for the version",
        answer=_INTERNAL,
        recoverable=False,  # it looks like somebody else's version
        before=ConcurrentChange.VERSION,
    ),
    _refused("token-refused", "401 TOKEN_NOT_VALID once", _NO_TOKEN),
    FaultKind(name="token-expired", description="401 until a new token comes", answer=_NO_TOKEN, expires_token=True),
    _refused("forbidden", "403 ACCESS_DENIED", say.error(403, "ACCESS_DENIED", "No."), recoverable=False),
    _refused("forbidden-page", "403 with a page of HTML: a firewall", say.page(403, "Blocked"), recoverable=False),
)
_FORMS = (
    _applied("truncated-json", "half of the JSON, with the length of the half", say.changed(alter.truncated)),
    _applied("empty-body", "success without a body", say.changed(alter.emptied)),
    _applied("empty-object", "success with {}", say.changed(alter.nothing_inside)),
    _applied("length-too-small", "Content-Length smaller than the body", say.sized(-40)),
    _applied("length-too-large", "Content-Length larger than the body", say.sized(40)),
    _applied("two-lengths", "two Content-Lengths that disagree", say.two_lengths),
    _applied("no-length", "the body ends with the connection", say.without_length("1.1")),
    _applied("http-1.0", "an answer of HTTP/1.0", say.without_length("1.0")),
    _applied("chunks-without-end", "chunks, and no last one", say.chunked(b"")),
    _applied("chunk-size-wrong", "a chunk whose size is no number", say.chunked(b"zz\r\n")),
    _applied("many-1xx", "500 times 103 before the answer", say.early_hints(500)),
    _applied("only-1xx", "103 and then nothing", say.early_hints(500, then=ConnectionEnd.HANG)),
    _applied("header-flood", "a megabyte of headers", say.header_flood),
    _applied("gzip-bomb", "64 KiB that unpack to 64 MiB", say.bomb),
    _applied("huge-body", "100 MiB of white space before the JSON", say.huge),
    _applied("duplicate-keys", "every member twice", say.changed(alter.duplicate_keys)),
    _applied("not-a-number", "NaN in the JSON", say.changed(alter.not_a_number)),
    _applied("deep-json", "100,000 brackets", say.changed(alter.deep)),
    _applied("utf-16", "JSON in UTF-16", say.changed(alter.utf16)),
    _applied("invalid-utf-8", "a byte that no UTF-8 has", say.changed(alter.invalid_utf8)),
    _applied("wrong-types", "numbers as text, text as numbers", say.changed(alter.wrong_types)),
    _applied("wrong-shape", "a list instead of an object", say.changed(alter.wrong_shape)),
    _applied("unknown-fields", "members that nobody knows", say.changed(alter.unknown_fields)),
    _applied("another-plugin", "the answer about another plugin", say.changed(alter.another_plugin)),
    _applied("json-as-html", "JSON that calls itself HTML", say.changed(alter.as_html)),
    _applied("other-success", "202 for 200, 200 for 201", say.changed(alter.as_200)),
    _applied("day-ahead", "a server whose clock is a day ahead: Date and expirations", alter.skewed(1)),
    _applied("day-behind", "a server whose clock is a day behind: Date and expirations", alter.skewed(-1)),
)
_OTHERS = (
    _meddled("other-config", "somebody else changed the plugin just before", before=ConcurrentChange.CONFIG),
    _meddled("other-code", "somebody else published just before", before=ConcurrentChange.CODE),
    _meddled("other-code-after", "somebody else published just after", after=ConcurrentChange.CODE),
    _meddled("deleted", "somebody else deleted the plugin just before", before=ConcurrentChange.DELETE),
    _meddled("deleted-after", "somebody else deleted the plugin just after", after=ConcurrentChange.DELETE),
)
FAULT_KINDS = {kind.name: kind for kind in (*_CONNECTION, *_GATEWAYS, *_PLATFORM, *_FORMS, *_OTHERS)}

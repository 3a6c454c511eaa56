"""A network, a gateway and a slow server in virtual time, with the local BioT's application behind them.

Every request has five moments: it is sent, it arrives, it takes effect, its answer comes, its client gives up. They
are drawn when it is sent, and the timeline puts them in order. A client that gives up leaves its request on the way:
the server still carries it out when its moment comes.
"""

from __future__ import annotations

import asyncio
import json
import math
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from builder.network.server_connection import LostResponseError, UndeliveredError
from builder.publishing.api.http_response import HttpResponse
from builder.publishing.api.http_transport import CHANGE_LIMITS, QUERY_LIMITS
from sandbox.app import create_app
from sandbox.faults.concurrent_changes import PLUGINS, call_application
from tests.proof.operations import PLUGIN
from tests.proof.races import Applied

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from builder.network.secret_text import SecretText
    from builder.publishing.api.http_transport import HttpRequest, HttpTransport
    from builder.publishing.api.request_bodies import MultipartBody
    from tests.proof.races import Race
    from tests.proof.world import World
    from tests.support.biot.virtual_time import Timeline

GATEWAY_SECONDS: Final = 29.0
"""Amazon API Gateway answers 504 when what is behind it takes longer (its default limit, AWS documentation)."""
TRIP_SECONDS: Final = (0.005, 0.05)
WORK_SECONDS: Final = (0.01, 0.3)
UPLOAD_SECONDS: Final = (0.0, 0.1, 2.0, 20.0)
SLOW_EXPONENTS: Final = (-1.0, 3.5)
"""A slowed request takes from 0.1 s to almost an hour, each order of magnitude as often as the others."""
AROUND_SECONDS: Final = (-2.0, 12.0)
"""Half of the slowed requests end at about the moment when they are given up, and when their client reads back."""
SPREADS: Final = (0.0, 0.3, 5.0, 60.0, 600.0)
SHARES: Final = (0.02, 0.1, 0.3, 0.6)


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What a race's network and server are like.

    Attributes:
        slow: The share of requests that the server is slow with.
        lost: The share of requests, and of answers, that get lost.
        gateway: Whether a gateway answers 504 for a server that is slow.
        spread: Seconds within which the publishers begin.
    """

    slow: float = 0.0
    lost: float = 0.0
    gateway: bool = False
    spread: float = 0.0

    @property
    def calm(self) -> bool:
        """Whether every request is answered at once."""
        return not self.slow and not self.lost


def draw_conditions(chance: random.Random) -> Conditions:
    """A quarter is calm, half is slow, a quarter is slow and loses requests and answers too."""
    spread = chance.choice(SPREADS)
    kind = chance.randrange(4)
    if kind == 0:
        return Conditions(spread=spread)
    lost = chance.choice(SHARES) / 4 if kind == 1 else 0.0
    return Conditions(slow=chance.choice(SHARES), lost=lost, gateway=chance.random() < 0.5, spread=spread)


@dataclass(frozen=True, kw_only=True)
class Course:
    """The moments of one request, in seconds of the race; infinite for what never happens.

    Attributes:
        applied: When the server has carried it out.
        answered: When the answer is there.
        gateway: When a gateway answers instead.
        given_up: When the client stops waiting.
    """

    applied: float
    answered: float
    gateway: float
    given_up: float

    @property
    def end(self) -> float:
        """When the client knows more, or gives up."""
        return min(self.answered, self.gateway, self.given_up)


class Network:
    """Between the publishers of one race and the local BioT.

    Args:
        world: Its database is used, through an application of its own whose clock is the timeline.
        timeline: The race's time.
        race: Written down here.
        chance: Draws delays and losses.
        conditions: What to draw them from.
    """

    def __init__(
        self, world: World, timeline: Timeline, race: Race, chance: random.Random, conditions: Conditions
    ) -> None:
        state = replace(world.running.state, clock=timeline)
        self._app = create_app(state)
        self._world, self._timeline, self._race = world, timeline, race
        self._chance, self._conditions = chance, conditions
        self._plugin = self._read_plugin()
        self._planned: dict[int, int] = {}
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def exchange(
        self,
        who: int,
        transport: HttpTransport,
        request: HttpRequest,
        content: tuple[SecretText | None, MultipartBody | None],
    ) -> HttpResponse:
        """What ``HttpTransport.exchange`` does, for one publisher; ``content`` is the token and the body."""
        timeline, race = self._timeline, self._race
        course = self._draw(request, is_upload=content[1] is not None)
        if request.changes:
            self._planned.setdefault(who, race.read[who])
        sent = _Sent(who=who, request=request, course=course)
        self._note(who, f"sends {request.method} {request.path}")
        if self._chance.random() < self._conditions.lost / 2:
            timeline.sleep(course.end - timeline.seconds)
            self._note(who, "reaches nobody")
            message = "nothing answers there"
            raise UndeliveredError(message)
        if math.isfinite(course.applied):
            scope, data = _scope(transport, request, content)
            timeline.at(course.applied, lambda: self._serve(sent, scope, data))
        timeline.sleep(course.end - timeline.seconds)
        return self._outcome(sent)

    def _outcome(self, sent: _Sent) -> HttpResponse:
        course, who = sent.course, sent.who
        if course.end == course.answered:
            assert sent.answer is not None
            self._note(who, f"is answered {sent.answer.status}")
            if sent.request.path.startswith(PLUGINS):
                self._learn(sent)
            return sent.answer
        self._race.lost[who] += sent.request.changes
        if course.end == course.gateway:
            self._note(who, "is answered 504 by the gateway")
            return _gateway_timeout()
        self._note(who, "gives up")
        message = "no answer in time"
        raise LostResponseError(message)

    def _learn(self, sent: _Sent) -> None:
        assert sent.answer is not None
        gone = sent.request.method == "GET" and sent.answer.status == HTTPStatus.NOT_FOUND
        if sent.answer.succeeded or gone:
            self._race.known[sent.who], self._race.read[sent.who] = sent.plugin, sent.read

    def _serve(self, sent: _Sent, scope: dict[str, Any], content: bytes) -> None:
        answered = self._loop.run_until_complete(call_application(self._app, scope, content))
        headers = {name.decode().lower(): value.decode() for name, value in answered.headers}
        sent.answer = HttpResponse(status=answered.status, headers=headers, body=answered.body)
        late = sent.course.end < self._timeline.seconds
        before = self._plugin
        if sent.request.changes:
            self._plugin = self._read_plugin()
            self._race.refused_late += late and not sent.answer.succeeded
        sent.plugin = self._plugin
        versions = f"version {before.get('version')} -> {self._plugin.get('version')}"
        self._note(sent.who, f"is served {sent.request.method}{' late' * late}: {answered.status}, {versions}")
        if self._plugin != before:
            one = Applied(
                who=sent.who,
                at=self._timeline.seconds,
                abandoned=late,
                read=self._planned[sent.who],
                before=before,
                after=self._plugin,
            )
            self._race.applied.append(one)
        sent.read = len(self._race.applied)

    def _draw(self, request: HttpRequest, *, is_upload: bool) -> Course:
        chance, conditions, now = self._chance, self._conditions, self._timeline.seconds
        arrives = now + chance.uniform(*TRIP_SECONDS)
        if is_upload:
            arrives += chance.choice(UPLOAD_SECONDS) * chance.random()
        work = chance.uniform(*WORK_SECONDS)
        limits = CHANGE_LIMITS if request.changes else QUERY_LIMITS
        if chance.random() < conditions.slow:
            patience = GATEWAY_SECONDS if conditions.gateway else limits.read
            just_too_slow = chance.random() < 1 / 2
            work += (
                patience + chance.uniform(*AROUND_SECONDS) if just_too_slow else 10 ** chance.uniform(*SLOW_EXPONENTS)
            )
        applied = math.inf if chance.random() < conditions.lost else arrives + work
        answered = math.inf if chance.random() < conditions.lost else applied + chance.uniform(*TRIP_SECONDS)
        gateway = arrives + GATEWAY_SECONDS if conditions.gateway and applied > arrives + GATEWAY_SECONDS else math.inf
        return Course(applied=applied, answered=answered, gateway=gateway, given_up=arrives + limits.read)

    def _read_plugin(self) -> Mapping[str, Any]:
        return self._world.truth().plugins.get(PLUGIN, {})

    def _note(self, who: int, what: str) -> None:
        self._race.trace.append(f"{self._timeline.seconds:.6f} {who} {what}")


@dataclass(kw_only=True)
class _Sent:
    """A request on its way; once it was served, its answer and what that shows: the plugin after so many changes."""

    who: int
    request: HttpRequest
    course: Course
    answer: HttpResponse | None = None
    plugin: Mapping[str, Any] = field(default_factory=dict)
    read: int = 0


def _delay(chance: random.Random, patience: float) -> float:
    if chance.random() < 1 / 2:
        return patience + chance.uniform(*AROUND_SECONDS)
    return float(10 ** chance.uniform(*SLOW_EXPONENTS))


def _document(request: HttpRequest) -> bytes:
    return json.dumps(request.document).encode() if request.document is not None else b""


def _scope(
    transport: HttpTransport, request: HttpRequest, content: tuple[SecretText | None, MultipartBody | None]
) -> tuple[dict[str, Any], bytes]:
    """The request as an ASGI server hands it on, and its body."""
    bearer, body = content
    kind = body.content_type if body is not None else "application/json"
    data = b"".join(body) if body is not None else _document(request)
    headers = {
        "host": transport.host,
        "accept": "application/json",
        "content-type": kind,
        "content-length": f"{len(data)}",
    }
    if bearer is not None:
        headers["authorization"] = f"Bearer {bearer.reveal()}"
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.path.encode(),
        "query_string": urlencode(request.query or {}).encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    return scope, data


def _gateway_timeout() -> HttpResponse:
    document = {"code": "GATEWAY_TIMEOUT", "message": "No answer in time.", "serviceName": "", "traceId": "0"}
    body = json.dumps({**document, "details": {}}).encode()
    return HttpResponse(status=HTTPStatus.GATEWAY_TIMEOUT, headers={"content-type": "application/json"}, body=body)

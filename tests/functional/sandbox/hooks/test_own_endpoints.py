"""The local BioT calls its own endpoints without a connection, and the request is the one that HTTP would bring."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.dispatcher.subscription_table import InterceptionSubscription, subscribe_interception
from sandbox.faults import Scenario
from sandbox.hooks.endpoint_client import EndpointClient
from sandbox.hooks.hook_requests import HookRequest
from sandbox.hooks.own_endpoints import OwnEndpoints
from sandbox.hooks.rules.hook_answers import EndpointAnswer, EndpointFailure, EndpointFailureKind
from sandbox.hooks.rules.undocumented_hooks import ANSWER_MAX
from sandbox.trigger.event_breaks import EVENT_BREAKS
from tests.support.sandbox.running_sandbox import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from starlette.requests import Request

    from tests.support.sandbox.running_sandbox import Sandbox

ADDRESS = "http://127.0.0.1:2468"
DEVICES = "/device/v2/devices"
FAULTS = "/sandbox/v1/faults"
REQUEST = HookRequest(headers={"hooktype": "NOTIFICATION", "content-type": "application/json"}, body=b'{"a": 1}')


async def echo(request: Request) -> Response:
    seen = {
        "url": str(request.url),
        "raw path": request.scope["raw_path"].decode(),
        "headers": dict(request.headers),
        "body": await request.json(),
        "client": request.client.host if request.client else "",
    }
    return JSONResponse(seen, 201, {"x-answer": "yes"})


def own_client(endpoint: Callable[[Request], Awaitable[Response]]) -> EndpointClient:
    client = EndpointClient()
    client.own = OwnEndpoints(
        ADDRESS, Starlette(routes=[Route("/run/{plugin}/{rest:path}", endpoint, methods=["POST"])])
    )
    return client


def test_the_application_gets_the_whole_request_and_nothing_listens_at_the_address() -> None:
    answer = asyncio.run(own_client(echo).post(f"{ADDRESS}/run/Plugin-%C3%A4/deep?x=1&x=2", REQUEST, 5))

    assert isinstance(answer, EndpointAnswer)
    assert (answer.status, answer.headers["x-answer"]) == (201, "yes")
    seen = json.loads(answer.body)
    assert seen["url"] == f"{ADDRESS}/run/Plugin-ä/deep?x=1&x=2"
    assert seen["raw path"] == "/run/Plugin-%C3%A4/deep"
    assert (seen["body"], seen["client"]) == ({"a": 1}, "127.0.0.1")
    headers = seen["headers"]
    assert (headers["host"], headers["content-length"]) == ("127.0.0.1:2468", "8")
    assert headers["hooktype"] == "NOTIFICATION"


def test_another_address_is_called_over_http() -> None:
    answer = asyncio.run(own_client(echo).post("http://127.0.0.1:1/run/Plugin-a/", REQUEST, 5))

    assert isinstance(answer, EndpointFailure)
    assert answer.kind is EndpointFailureKind.UNREACHABLE


def test_the_work_goes_on_after_the_time_of_a_call_has_ended() -> None:
    finished = []

    async def slow(_request: Request) -> Response:
        await asyncio.sleep(0.1)
        finished.append(True)
        return Response()

    async def call() -> EndpointAnswer | EndpointFailure:
        answer = await own_client(slow).post(f"{ADDRESS}/run/Plugin-a/", REQUEST, 0.02)
        await asyncio.sleep(0.3)
        return answer

    answer = asyncio.run(call())

    assert isinstance(answer, EndpointFailure)
    assert (answer.kind, finished) == (EndpointFailureKind.TIMEOUT, [True])


def test_an_answer_that_is_larger_than_lambda_allows_is_a_failure() -> None:
    async def large(_request: Request) -> Response:
        return Response(b"x" * (ANSWER_MAX + 1))

    answer = asyncio.run(own_client(large).post(f"{ADDRESS}/run/Plugin-a/", REQUEST, 30))

    assert isinstance(answer, EndpointFailure)
    assert answer.kind is EndpointFailureKind.TOO_LARGE


def test_as_long_as_faults_are_on_the_request_needs_a_connection() -> None:
    faults = [1]
    client = own_client(echo)
    client.own = OwnEndpoints(ADDRESS, Starlette(), lambda: len(faults))

    while_on = asyncio.run(client.post(f"{ADDRESS}/run/Plugin-a/", REQUEST, 5))
    faults.clear()
    afterwards = asyncio.run(client.post(f"{ADDRESS}/run/Plugin-a/", REQUEST, 5))

    assert isinstance(while_on, EndpointFailure)
    assert while_on.kind is EndpointFailureKind.UNREACHABLE
    assert isinstance(afterwards, EndpointAnswer)


def test_calls_of_plugins_come_over_http_only_while_a_fault_is_on(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, faults=Scenario()) as sandbox:
        gate, token = sandbox.running.gate, sandbox.admin_token()
        assert gate is not None
        intercept_devices(sandbox)

        def requests_of_a_call() -> int:
            before = gate.requests
            sandbox.call("GET", DEVICES, token=token)
            return gate.requests - before

        assert requests_of_a_call() == 1
        fault = {"kind": "unavailable", "path": "/nowhere", "times": 1}
        assert sandbox.call("POST", FAULTS, token=token, body=fault).status == 200
        assert requests_of_a_call() == 2
        assert sandbox.call("DELETE", FAULTS, token=token).body == {"faults": []}
        assert requests_of_a_call() == 1


def test_a_call_whose_traceparent_was_broken_on_purpose_is_no_direct_call(tmp_path: Path) -> None:
    with running_sandbox(tmp_path, faults=Scenario()) as sandbox:
        intercept_devices(sandbox)
        token, calls = sandbox.token(), 0
        for fault in (None, {"kind": "unavailable", "path": "/nowhere", "times": 1}):  # without and with a connection
            if fault:
                sandbox.call("POST", FAULTS, token=token, body=fault)
            for name in (name for name, way in EVENT_BREAKS.items() if way.group == "trace ids"):
                body = {"call": f"GET{DEVICES}", "break": name}
                chain = sandbox.call("POST", "/sandbox/v1/trigger", token=token, body=body).body
                assert [step["response"]["status"] for step in chain["steps"]] == [404], name
                calls += 1

        chains = sandbox.call("GET", "/sandbox/v1/activity", token=token).body["chains"]
        assert calls == 8
        assert [chain["kind"] for chain in chains] == ["api"] * calls


def intercept_devices(sandbox: Sandbox) -> None:
    """Let the local BioT call an endpoint of its own, which answers 404, before each search of devices."""
    with sandbox.running.state.database.write() as connection:
        subscription = InterceptionSubscription(type="PRE_REQUEST", api_id=f"GET{DEVICES}", order=1)
        subscribe_interception(connection, f"{sandbox.base_url}/run/Plugin-nobody/", subscription)

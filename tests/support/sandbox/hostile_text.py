"""200 texts that would run a script if a page showed them as HTML, and an activity that is full of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sandbox.activity.activity_file import FILE_NAME
from sandbox.activity.activity_recorder import ActivityRecorder
from sandbox.endpoints.called_function import CalledFunction
from sandbox.functions.invocation import FailureKind, FunctionError, Invocation, InvocationReport
from sandbox.hooks.hook_reports import ChainEnd, ChainStart, ChainStep
from sandbox.hooks.hook_requests import HookRequest
from sandbox.hooks.rules.api_messages import json_bytes
from sandbox.hooks.rules.hook_answers import EndpointAnswer

if TYPE_CHECKING:
    from pathlib import Path

_ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<body onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<details open ontoggle=alert(1)>x</details>",
    "<input autofocus onfocus=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<style>@import 'http://attacker.example/x.css';</style>",
    "<link rel=stylesheet href=http://attacker.example/x.css>",
    "<base href=http://attacker.example/>",
    "<meta http-equiv=refresh content='0;url=http://attacker.example/'>",
    "<form action=http://attacker.example/><button autofocus>x</button></form>",
    "<img src=http://attacker.example/pixel.png>",
    "<video><source onerror=alert(1)></video>",
    "<template><script>alert(1)</script></template>",
    "<!--><script>alert(1)</script>-->",
    "{{ ''.__class__ }}<script>alert(1)</script>",
)
_WRAPPERS = (
    "{}",
    '">{}',
    "'>{}",
    "</textarea>{}",
    "</title></style>{}",
    "</pre></code></td>{}",
    "</option></select>{}",
    '" onmouseover="alert(1)" x="{}',
    "data: x\n\nevent: chain\ndata: {}",
    "\u202e\x00{}\r\n",
)
HOSTILE_TEXTS = tuple(wrapper.replace("{}", attack) for attack in _ATTACKS for wrapper in _WRAPPERS)
"""Each has a ``<`` that begins an element, so a page that escapes it does not contain it as it is."""


def record_hostile_activity(folder: Path) -> int:
    """Fill the activity of a local BioT that does not run yet; every text is in every place where one can be.

    Args:
        folder: Its folder.

    Returns:
        The number of chains.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ActivityRecorder(folder / FILE_NAME) as recorder:
        for number, text in enumerate(HOSTILE_TEXTS):
            _record(recorder, f"{number:032x}", text)
    return len(HOSTILE_TEXTS)


def _record(recorder: ActivityRecorder, identifier: str, text: str) -> None:
    now = datetime(2026, 1, 31, tzinfo=UTC)
    headers, name = {"accept-language": text, "x-custom": text}, {"firstName": text, text: [text]}
    message = json_bytes({"request": {"headers": headers, "body": name}, "response": {"statusCode": 200, "body": name}})
    answer = EndpointAnswer(
        status=200, headers=headers, body=json_bytes({"request": {"body": {"lastName": text, text: text}}})
    )
    recorder.chain_started(
        ChainStart(
            id=identifier,
            kind="api",
            title=f"GET /{text}",
            trace_id=text,
            started=now,
            entity=text,
            action=text,
            method="GET",
            headers=headers,
            body=json_bytes(name),
            fault=text,
        )
    )
    for step in ("PRE_REQUEST", "API", "NOTIFICATION"):
        recorder.step_done(
            ChainStep(
                chain_id=identifier,
                name=step,
                endpoint=text,
                request=HookRequest(headers=headers, body=message),
                answer=answer,
                problem=text,
                started=now,
                milliseconds=5,
                function=CalledFunction(artifact_sha256="0" * 64, runtime=text, invocation=_invocation(text)),
                fault=text,
            )
        )
    ended = EndpointAnswer(status=200, headers=headers, body=json_bytes(name))
    recorder.chain_ended(ChainEnd(id=identifier, answer=ended, problem=text, milliseconds=9))


def _invocation(text: str) -> Invocation:
    report = InvocationReport(
        request_id=text,
        duration_ms=5,
        initialization_ms=3,
        memory_size_mb=128,
        memory_used=130_000_000,
        memory_source=text,
        storage_size_mb=512,
        storage_used=0,
        request_size=1,
        response_size=1,
        timeout_seconds=3,
        isolation=text,
        error_type=text,
        notes=(text,),
    )
    error = FunctionError(kind=FailureKind.HANDLER, error_type=text, error_message=text)
    return Invocation(request_id=text, payload=b"", error=error, log=(text, f'{{"level":"{text}"}}'), report=report)

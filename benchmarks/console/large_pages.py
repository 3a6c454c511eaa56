"""First paint of the activity with 100,000 runs, and of the difference of two bodies of 1 MB."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from benchmarks.console.server_process import server_process
from benchmarks.console.speed import first_paint
from sandbox.activity.activity_file import FILE_NAME, ActivityFile, ChainEnding, NewChain, NewStep
from sandbox.activity.activity_recorder import ActivityRecorder
from sandbox.hooks.hook_reports import ChainEnd, ChainStart, ChainStep
from sandbox.hooks.hook_requests import HookRequest
from sandbox.hooks.rules.api_messages import json_bytes
from sandbox.hooks.rules.hook_answers import EndpointAnswer

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from benchmarks.functions.bars import Bar

RUNS = 100_000
_BATCH = 2_000
_START = "2026-01-31T08:00:00.000Z"


def activity_with_many_runs(browser: Browser, folder: Path) -> Bar:
    """The first paint of the activity with 100,000 runs of three steps each."""
    folder.mkdir()
    file = ActivityFile(folder / FILE_NAME)
    for first in range(0, RUNS, _BATCH):
        file.add(record for number in range(first, first + _BATCH) for record in _run(number))
    file.close()
    with server_process(folder) as server:
        return first_paint(browser, server, "/activity", f"first paint of Activity, {RUNS:,} runs", 0.15)


def _run(number: int) -> list[Any]:
    identifier = f"{number:032x}"
    document = {"id": identifier, "startTime": _START, "request": {"headers": {}, "body": {"text": "x" * 200}}}
    step = {"name": "API", "listener": "", "request": {"headers": {}, "body": None}, "response": None}
    start = NewChain(
        id=identifier,
        kind="api",
        title="GET /device/v2/devices",
        trace_id=identifier,
        parent_id="",
        started=_START,
        document=document,
    )
    names = ("PRE_REQUEST", "API", "POST_REQUEST")
    steps = [
        NewStep(chain_id=identifier, name=name, listener="Plugin-a", failed=False, document=step, status=200)
        for name in names
    ]
    end = ChainEnding(id=identifier, status=200, milliseconds=5, failed=False, document={"considered": []})
    return [start, *steps, end]


def difference_of_large_bodies(browser: Browser, folder: Path) -> Bar:
    """The first paint of a chain whose interceptor changed 20 of 14,000 values of a body of 1 MB."""
    folder.mkdir()
    with ActivityRecorder(folder / FILE_NAME) as recorder:
        _record_large_chain(recorder)
    with server_process(folder) as server:
        return first_paint(browser, server, "/activity/1", "difference of two bodies of 1 MB on the screen", 0.3)


def _record_large_chain(recorder: ActivityRecorder) -> None:
    now = datetime(2026, 1, 31, tzinfo=UTC)
    old = [
        {"_id": str(number), "_name": {"firstName": "Synthetic", "lastName": str(number)}} for number in range(14_000)
    ]
    new = [{**one, "_name": {"firstName": "Anna"}} if at % 700 == 0 else one for at, one in enumerate(old)]
    assert len(json.dumps(old)) > 1_000_000
    request = json_bytes({"response": {"statusCode": 200, "body": old}})
    answer = EndpointAnswer(status=200, body=json_bytes({"response": {"body": new}}))
    recorder.chain_started(ChainStart(id="0" * 32, kind="api", title="GET /x", trace_id="1" * 32, started=now))
    recorder.step_done(
        ChainStep(
            chain_id="0" * 32,
            name="POST_REQUEST",
            endpoint="Plugin-a",
            request=HookRequest(headers={}, body=request),
            answer=answer,
            started=now,
            milliseconds=20,
        )
    )
    recorder.chain_ended(ChainEnd(id="0" * 32, answer=answer, milliseconds=25))

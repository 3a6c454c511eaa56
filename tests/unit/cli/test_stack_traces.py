"""Records of Lambda's runtime clients become stack traces that a person reads; the plugin's own frames are known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from builder.cli.printing.log_output import call_documents, call_lines
from builder.cli.printing.stack_traces import LogLine, PluginSources, readable_lines

if TYPE_CHECKING:
    from pathlib import Path

SHA256 = "5f" * 32
UNKNOWN = PluginSources(artifact_sha256=SHA256)
PYTHON = (
    "[ERROR] TypeError: not serializable\nTraceback (most recent call last):\n"
    '\u00a0\u00a0File "/var/task/pkg/hook.py", line 13, in handler\n\u00a0\u00a0\u00a0\u00a0json.dumps(object())\n'
    '\u00a0\u00a0File "/opt/python/json/encoder.py", line 180, in default\n\u00a0\u00a0\u00a0\u00a0raise TypeError'
)
STACK = [
    "TypeError: no such patient",
    "    at deep (file:///var/task/src/hook.mjs:2:25)",
    "    at /var/task/index.js:7:3",
    "    at load (/var/task/node_modules/jose/index.js:1:1)",
    "    at Runtime.handleOnce (file:///var/runtime/index.mjs:1427:29)",
    "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
]
HEAD = "2026-11-29T01:07:18.602Z\tid\tERROR\t"


def lines_of(record: str, sources: PluginSources = UNKNOWN) -> list[LogLine]:
    return list(readable_lines(record, sources))


def test_a_python_traceback_has_plain_spaces_and_its_own_frames_marked() -> None:
    lines = lines_of(PYTHON)

    assert [line.text for line in lines[:4]] == [
        "[ERROR] TypeError: not serializable",
        "Traceback (most recent call last):",
        '  File "pkg/hook.py", line 13, in handler',
        "    json.dumps(object())",
    ]
    assert [line.source for line in lines if line.source] == ["pkg/hook.py:13"]


def test_the_json_of_a_node_error_becomes_its_stack() -> None:
    error = {"errorType": "TypeError", "errorMessage": "no such patient", "stack": STACK}
    lines = lines_of(f"{HEAD}Invoke Error \t{json.dumps(error)}")

    assert lines[0].text == f"{HEAD}Invoke Error"
    assert [line.text for line in lines[1:]] == [
        "TypeError: no such patient",
        "    at deep (src/hook.mjs:2:25)",
        "    at index.js:7:3",
        *STACK[3:],
    ]
    assert [line.source for line in lines if line.source] == ["src/hook.mjs:2", "index.js:7"]


def test_of_a_rejected_promise_the_reason_is_shown() -> None:
    reason = {"errorType": "Error", "errorMessage": "later", "stack": ["Error: later", STACK[1]]}
    error = {"errorType": "Runtime.UnhandledPromiseRejection", "stack": ["Runtime.Unhandled: x", STACK[4]]}
    lines = lines_of(f"{HEAD}Unhandled Promise Rejection \t{json.dumps({**error, 'reason': reason})}")

    assert [line.text for line in lines[1:]] == [
        "Runtime.Unhandled: x",
        "Error: later",
        "    at deep (src/hook.mjs:2:25)",
    ]


def test_the_stack_of_a_generated_plugins_record_is_below_it() -> None:
    stack = f"Traceback (most recent call last):\n{PYTHON.splitlines()[2]}"
    lines = lines_of(json.dumps({"message": "The call failed: 'age'", "level": "ERROR", "stack": stack}))

    assert [line.text for line in lines] == [
        '{"message": "The call failed: \'age\'", "level": "ERROR", "stack": "below"}',
        "Traceback (most recent call last):",
        '  File "pkg/hook.py", line 13, in handler',
    ]
    assert [line.source for line in lines] == ["", "", "pkg/hook.py:13"]


@pytest.mark.parametrize("text", ["{", '{"a": 1}', '{"stack": "x"}', '{"stack": []}', "[1]", "plain", "", "a\tb"])
def test_every_other_record_stays_as_it_is(text: str) -> None:
    assert [line.text for line in lines_of(HEAD + text)] == [HEAD + text]


def test_in_the_folder_of_the_plugin_own_files_are_those_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "hook.py").touch()
    sources = PluginSources(artifact_sha256=SHA256, folder=tmp_path, shown="src")
    there, package = (f'  File "/var/task/{name}", line 3, in f' for name in ("pkg/hook.py", "requests/api.py"))

    assert lines_of(there, sources) == [
        LogLine(text='  File "src/pkg/hook.py", line 3, in f', source="src/pkg/hook.py:3")
    ]
    assert lines_of(package, sources) == [LogLine(text=package)]


def test_without_isolation_the_code_is_in_a_folder_named_by_its_digest() -> None:
    record = f'  File "/home/x/.cache/code/{SHA256}/index.py", line 3, in handler'

    assert lines_of(record) == [LogLine(text='  File "index.py", line 3, in handler', source="index.py:3")]
    assert lines_of('  File "/home/x/index.py", line 3, in handler')[0].source == ""


CALL = {
    "id": 7,
    "number": 12,
    "title": "POST /x",
    "time": "2026-01-01T10:20:30.000Z",
    "plugin": "Plugin-age",
    "hook": "PRE_REQUEST",
    "status": 502,
    "milliseconds": 31.4,
    "problem": "It answered 502.",
    "fault": "",
    "artifactSha256": SHA256,
    "requestId": "r",
    "errorType": "TypeError",
    "log": ["started", PYTHON],
    "report": "REPORT RequestId: r\tDuration: 1.00 ms",
}


def test_a_call_is_its_head_its_log_and_its_report() -> None:
    lines = list(call_lines(CALL, UNKNOWN))

    assert lines[0] == "10:20:30 PRE_REQUEST age: 502, 31 ms  #12"
    assert lines[1:3] == ["  problem: It answered 502.", "  started"]
    assert [line for line in lines if line.startswith("> ")] == ['>   File "pkg/hook.py", line 13, in handler']
    assert lines[-1] == "  REPORT RequestId: r  Duration: 1.00 ms"


def test_each_record_is_one_json_object() -> None:
    problem, started, error, report = call_documents(CALL, UNKNOWN)

    assert (problem["kind"], problem["text"]) == ("problem", "It answered 502.")
    assert (started["kind"], started["text"], started["ownFrames"]) == ("log", "started", [])
    assert error["ownFrames"] == ["pkg/hook.py:13"]
    assert (report["kind"], report["errorType"]) == ("report", "TypeError")
    assert {document["requestId"] for document in (problem, started, error, report)} == {"r"}

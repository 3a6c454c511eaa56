"""Lambda on this machine: real runtime clients, real processes, and Lambda's limits."""

from __future__ import annotations

import json
import os
import re
import secrets
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.functions.function_errors import FunctionUnavailableError, RequestTooLargeError, TooManyRequestsError
from sandbox.functions.invocation import FailureKind
from sandbox.functions.isolation.isolation_choice import IsolationKind, find_isolation
from sandbox.functions.isolation.sandbox_paths import SYSTEM_FOLDERS
from sandbox.functions.service import FunctionService, ServiceSettings
from tests.support.plugins.small_functions import SmallFunction, small_function

if TYPE_CHECKING:
    from collections.abc import Iterator

PYTHON = """
import json, logging, os, subprocess, sys, time

CALLS = []

def handler(event, context):
    CALLS.append(context.aws_request_id)
    match event.get("do") if isinstance(event, dict) else None:
        case "context":
            return {
                "calls": len(CALLS), "id": context.aws_request_id, "arn": context.invoked_function_arn,
                "memory": context.memory_limit_in_mb, "remaining": context.get_remaining_time_in_millis(),
                "environment": dict(os.environ), "path": sys.path, "trace": os.environ["_X_AMZN_TRACE_ID"],
            }
        case "log":
            print("printed"); print("to stderr", file=sys.stderr)
            logging.getLogger().warning("logged")
        case "raise":
            raise ValueError("no such patient")
        case "exit":
            os._exit(3)
        case "sleep":
            time.sleep(event["seconds"])
        case "memory":
            block = bytearray(event["megabytes"] << 20); time.sleep(event.get("seconds", 0))
        case "answer":
            return "x" * event["bytes"]
        case "daemon":
            subprocess.Popen(["sleep", "600"], start_new_session=True)
            os._exit(1)
        case "file":
            open(f"/tmp/{event['name']}" if os.path.isdir("/var/task") else
                 f"{os.environ['TMPDIR']}/{event['name']}", "wb").write(bytes(1 << 20))
    return len(CALLS)
"""


@pytest.fixture(scope="module")
def service(functions_cache: Path) -> Iterator[FunctionService]:
    with FunctionService(ServiceSettings(cache=functions_cache, any_python=True, most_environments=3)) as running:
        yield running


@pytest.fixture(scope="module")
def function(service: FunctionService, tmp_path_factory: pytest.TempPathFactory) -> SmallFunction:
    return small_function(tmp_path_factory.mktemp("code"), service, PYTHON)


def test_the_handler_sees_what_lambda_shows_and_nothing_of_this_shell(
    function: SmallFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_AUTHOR", "1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the author")
    seen = function.answer({"do": "context"})

    assert isinstance(seen, dict)
    environment = seen["environment"]
    assert not {"SECRET_OF_THE_AUTHOR", "HOME", "USER", "VIRTUAL_ENV"} & set(environment)
    assert not {name for name in environment if "SECRET" in name or "ACCESS_KEY" in name or "SESSION_TOKEN" in name}
    name = function.configuration.name
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == name
    assert environment["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
    assert environment["BIOT_BASE_URL"] == "http://127.0.0.1:8788"
    assert (environment["_HANDLER"], environment["TZ"]) == ("index.handler", ":UTC")
    assert seen["arn"] == f"arn:aws:lambda:eu-central-1:123456789012:function:{name}"
    assert 9_000 < seen["remaining"] <= 10_000
    assert seen["memory"] == "128"
    assert seen["trace"].startswith("Root=1-")
    assert seen["path"][0] == environment["LAMBDA_TASK_ROOT"]
    assert not [path for path in seen["path"] if "site-packages" in path]


def test_an_environment_stays_warm_and_each_call_has_a_report(function: SmallFunction) -> None:
    fresh = function.changed(memory_megabytes=256)
    first, second = fresh.call({"do": "log"}), fresh.call({})

    assert [json.loads(one.payload) for one in (first, second)] == [1, 2]
    assert first.log[:2] == ("printed", "to stderr")
    assert first.log[2].startswith("[WARNING]\t")
    assert first.log[2].endswith(f"\t{first.request_id}\tlogged")
    assert second.log == ()
    assert first.report.initialization_ms is not None
    assert second.report.initialization_ms is None
    assert f"REPORT RequestId: {first.request_id}\tDuration: " in first.report.line
    assert "\tMemory Size: 256 MB\t" in first.report.line
    assert 5 << 20 < (first.report.memory_used or 0) < 64 << 20
    assert first.report.billed_ms >= first.report.initialization_ms


def test_an_exception_is_the_answer_and_the_environment_stays(function: SmallFunction) -> None:
    before = function.answer({})
    failed = function.call({"do": "raise"})

    assert failed.error is not None
    assert (failed.error.kind, failed.error.error_type) == (FailureKind.HANDLER, "ValueError")
    assert json.loads(failed.payload)["errorMessage"] == "no such patient"
    assert failed.log[-1].startswith("[ERROR] ValueError: no such patient\nTraceback")
    assert isinstance(before, int)
    assert function.answer({}) == before + 2


def test_a_process_that_ends_is_replaced(function: SmallFunction) -> None:
    only = function.changed(memory_megabytes=160)  # another test may have left two warm environments of this one
    failed = only.call({"do": "exit"})

    assert json.loads(failed.payload) == {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {failed.request_id} Error: Runtime exited with error: exit status 3",
    }
    assert only.answer({}) == 1


def test_a_slow_handler_is_stopped_with_lambdas_own_error(function: SmallFunction) -> None:
    slow = function.changed(timeout_seconds=1)
    begin = time.monotonic()
    failed = slow.call({"do": "sleep", "seconds": 60})

    assert failed.error is not None
    assert failed.error.kind is FailureKind.TIMEOUT
    assert failed.error.error_message.endswith("Error: Task timed out after 1.00 seconds")
    assert "\tStatus: timeout\t" in failed.report.line
    assert time.monotonic() - begin < 30
    assert slow.answer({}) == 1


def test_memory_beyond_the_limit_stops_the_call(function: SmallFunction) -> None:
    failed = function.call({"do": "memory", "megabytes": 300, "seconds": 30})

    assert failed.error is not None
    assert (failed.error.kind, failed.error.error_type) == (FailureKind.MEMORY, "Runtime.OutOfMemory")
    allowed = function.call({"do": "memory", "megabytes": 100})
    assert allowed.error is None
    assert 100 << 20 < (allowed.report.memory_used or 0) < 128 << 20
    assert [warning for warning in allowed.report.warnings if "memory" in warning]


def test_payloads_have_lambdas_limits(function: SmallFunction) -> None:
    failed = function.call({"do": "answer", "bytes": 6_400_000})

    assert failed.error is not None
    assert failed.error.error_type == "Function.ResponseSizeTooLarge"
    assert len(str(function.answer({"do": "answer", "bytes": 6_000_000}))) == 6_000_000
    with pytest.raises(RequestTooLargeError, match="6291457"):
        function.service.invoke(function.configuration, b" " * 6_291_457)


def test_no_child_process_survives(function: SmallFunction) -> None:
    function.call({"do": "daemon"})
    deadline = time.monotonic() + 10
    while left := _processes_of(function) and time.monotonic() < deadline:
        time.sleep(0.05)

    assert not left


def _processes_of(function: SmallFunction) -> list[str]:
    """The command lines of processes with the name of this function in their environment."""
    marker = f"AWS_LAMBDA_FUNCTION_NAME={function.configuration.name}\0".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text())
        except OSError:
            continue
    return [command for command in found if command.startswith("sleep")]


def test_overlapping_calls_have_environments_of_their_own_up_to_a_limit(function: SmallFunction) -> None:
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(function.call, {"do": "sleep", "seconds": 1.5}) for _ in range(3)]
        time.sleep(0.3)
        with pytest.raises(TooManyRequestsError, match="All 3 environments"):
            function.call({})
        invocations = [call.result() for call in calls]

    assert [one.error for one in invocations] == [None] * 3
    assert function.call({}).error is None


def test_a_module_that_cannot_be_imported_is_explained(service: FunctionService, tmp_path: Path) -> None:
    failed = small_function(tmp_path, service, "import no_such_module\n").call({})

    assert failed.error is not None
    assert failed.error.kind is FailureKind.INITIALIZATION
    assert failed.error.error_type == "Runtime.ImportModuleError"
    assert "No module named 'no_such_module'" in failed.error.error_message


def test_temporary_files_count_and_code_is_not_changed(function: SmallFunction) -> None:
    fresh = function.changed(memory_megabytes=512)
    report = fresh.call({"do": "file", "name": "data"}).report

    assert report.storage_used >= 1 << 20
    assert " Used: 1.0 MB of 512 MB" in report.line
    code = Path(function.service._settings.cache, "code", function.configuration.artifact_sha256)
    assert [file.name for file in code.rglob("*")] == ["index.py"]
    assert not (code / "index.py").stat().st_mode & 0o222


def test_a_missing_python_is_named_with_the_command_that_installs_it(
    function: SmallFunction, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path))
    exact = FunctionService(ServiceSettings(cache=tmp_path))
    with exact, pytest.raises(FunctionUnavailableError, match=r"Python 3\.14 is not on this machine") as raised:
        exact.invoke(function.changed(runtime="python3.14").configuration, b"{}")

    assert "uv python install 3.14" in raised.value.hint


NODE = """
let calls = 0;
export const handler = async (event, context) => {
  calls += 1;
  switch (event.do) {
    case "context":
      return { calls, id: context.awsRequestId, remaining: context.getRemainingTimeInMillis(),
        memory: context.memoryLimitInMB, environment: process.env, flags: process.execArgv };
    case "raise": throw new TypeError("no such patient");
    case "reject": Promise.reject(new Error("lost")); return await new Promise(() => setTimeout(() => {}, 60000));
    case "exit": process.exit(4); break;
    case "log": console.log("a record", { of: 1 }); break;
  }
  return calls;
};
"""
CALLBACKS = """
exports.handler = (event, context, callback) => {
  if (event.twice) { callback(null, "first"); callback(null, "second"); return; }
  if (event.exit) { callback(null, "before the end"); process.exit(0); }
  if (event.fail) return callback(new RangeError("too far"));
  if (event.nothing) return;
  setTimeout(() => callback(null, { called: "back" }), 1);
};
"""


@pytest.fixture(scope="module")
def node_runtime() -> str:
    """The runtime of the Node.js on this machine, so that none is fetched."""
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return f"nodejs{re.fullmatch(r'v([0-9]+)[.].*', version.strip())[1]}.x"  # type: ignore[index]  # Node's own form


@pytest.fixture(scope="module")
def node_function(
    service: FunctionService, node_runtime: str, tmp_path_factory: pytest.TempPathFactory
) -> SmallFunction:
    return small_function(tmp_path_factory.mktemp("code"), service, NODE, node_runtime)


def test_a_node_handler_sees_what_lambda_shows(node_function: SmallFunction, node_runtime: str) -> None:
    seen = node_function.answer({"do": "context"})

    assert isinstance(seen, dict)
    assert seen["environment"]["AWS_EXECUTION_ENV"] == f"AWS_Lambda_{node_runtime}"
    assert not {"HOME", "USER"} & set(seen["environment"])
    assert 9_000 < seen["remaining"] <= 10_000
    assert "--max-old-space-size=115" in seen["flags"]
    logged = node_function.call({"do": "log"})
    assert re.fullmatch(rf"[-0-9T:.]+Z\t{logged.request_id}\tINFO\ta record {{ of: 1 }}", logged.log[0])


def test_failures_of_a_node_handler_have_lambdas_errors(node_function: SmallFunction) -> None:
    failures = {do: node_function.call({"do": do}).error for do in ("raise", "reject", "exit")}

    assert failures["raise"] is not None
    assert (failures["raise"].error_type, failures["raise"].error_message) == ("TypeError", "no such patient")
    assert failures["reject"] is not None
    assert failures["reject"].error_type in {"Runtime.UnhandledPromiseRejection", "Runtime.ExitError"}
    assert failures["exit"] is not None
    assert failures["exit"].error_message.endswith("Runtime exited with error: exit status 4")


def test_a_handler_with_a_callback_works_up_to_node_22_and_is_refused_from_node_24_on(
    service: FunctionService, node_runtime: str, tmp_path: Path
) -> None:
    function = small_function(tmp_path, service, CALLBACKS, node_runtime, file="index.js")
    first = function.call({})

    if int(node_runtime.removeprefix("nodejs").removesuffix(".x")) >= 24:
        assert first.error is not None
        assert first.error.error_type == "Runtime.CallbackHandlerDeprecated"
        return
    assert json.loads(first.payload) == {"called": "back"}
    assert function.answer({"twice": True}) == "first"
    assert function.answer({"nothing": True}) is None
    failed = function.call({"fail": True}).error
    assert failed is not None
    assert (failed.error_type, failed.error_message) == ("RangeError", "too far")
    ended = function.call({"exit": True}).error  # the answer is sent only when nothing else is left to do
    assert ended is not None
    assert ended.error_type == "Runtime.ExitError"
    assert function.answer({}) == {"called": "back"}


ABUSE = """
import os

ISOLATED = os.path.isdir("/var/task")  # otherwise nothing may be damaged

def handler(event, context):
    tried = {}
    for name, action in {
        "write code": lambda: open("/var/task/index.py", "w"),
        "add code": lambda: open("/var/task/new.py", "w"),
        "write elsewhere": lambda: open("/usr/evil", "w") if ISOLATED else 0,
        "fill /tmp": lambda: open("/tmp/full", "wb").write(bytes(600 << 20)) if ISOLATED else 0,
    }.items():
        try:
            action()
            tried[name] = "done"
        except OSError as error:
            tried[name] = os.strerror(error.errno)
    homes = [folder for folder in ("/home", "/root") if os.path.isdir(folder)]
    return {**tried, "home": [name for folder in homes for name in os.listdir(folder)],
            "processes": len([one for one in os.listdir("/proc") if one.isdigit()])}
"""


KINDS: tuple[IsolationKind, ...] = ("bubblewrap", "namespaces")


@pytest.mark.parametrize("kind", [*(kind for kind in KINDS if find_isolation(kind).kind == kind), "none"])
def test_an_isolated_function_cannot_leave_its_place(
    functions_cache: Path, tmp_path: Path, kind: IsolationKind
) -> None:
    settings = ServiceSettings(cache=functions_cache, any_python=True, isolation=kind)
    with FunctionService(settings) as service:
        invocation = small_function(tmp_path, service, ABUSE).changed(memory_megabytes=2048).call({})

    if kind == "none":
        assert invocation.report.isolation.startswith("Not enforced on this system: read-only code")
        return
    seen = json.loads(invocation.payload)
    assert seen["write code"] == seen["add code"] == "Read-only file system"
    assert seen["write elsewhere"] in {"Read-only file system", "Permission denied"}
    assert seen["fill /tmp"] == "No space left on device"
    assert set(seen["home"]) <= {".pyenv", ".local"}, "only the interpreter"
    assert seen["processes"] <= 3


READS = """
import os

def handler(event, context):
    found = {}
    for path in event["paths"]:
        try:
            with open(path) as file:
                found[path] = file.read()
        except OSError as error:
            found[path] = type(error).__name__
    root = {name: os.listdir(f"/{name}") for name in os.listdir("/") if os.path.isdir(f"/{name}")}
    import ssl, sys
    authorities = len(ssl.create_default_context().get_ca_certs())
    return {"interpreter": sys.base_prefix, "found": found, "root": root, "authorities": authorities,
            "settings": os.listdir("/etc")}
"""


@pytest.fixture
def planted() -> Iterator[list[Path]]:
    """Private files outside of the home folder: in the root where this user may write there, and in other folders."""
    name = f"biot-plugin-planted-{secrets.token_hex(6)}"
    places = [place for place in ("/", "/etc", "/mnt", "/opt", "/dev/shm") if os.access(place, os.W_OK)]  # noqa: S108 - a name of its own
    folder = Path(places[0], name)
    folder.mkdir()
    files = [folder / "private.txt", *(Path(place, f"{name}.txt") for place in places)]
    for file in files:
        file.write_text("private")
    yield files
    for file in files:
        file.unlink()
    folder.rmdir()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if find_isolation(kind).kind == kind])
def test_an_isolated_function_reads_nothing_of_the_machine_but_programs_and_a_few_settings(
    functions_cache: Path, tmp_path: Path, kind: IsolationKind, planted: list[Path]
) -> None:
    settings = ServiceSettings(cache=functions_cache, any_python=True, isolation=kind)
    with FunctionService(settings) as service:
        seen = small_function(tmp_path, service, READS).answer({"paths": [str(file) for file in planted]})

    assert isinstance(seen, dict)
    assert {file: seen["found"][str(file)] for file in planted if seen["found"][str(file)] == "private"} == {}
    assert [text for text in seen["found"].values() if text not in {"FileNotFoundError", ""}] == []
    shown = {name for name, names in seen["root"].items() if names}
    assert shown <= SYSTEM_FOLDERS | {"dev", "etc", "proc", "var", Path(seen["interpreter"]).parts[1]}
    assert "shadow" not in seen["settings"]
    assert seen["authorities"] > 0 or not ssl.create_default_context().get_ca_certs()

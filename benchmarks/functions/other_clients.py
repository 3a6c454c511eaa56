"""The same 200 events through our Runtime API, through AWS's emulator, and through the compiled Node.js client."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, Any

from benchmarks.functions.bars import Bar
from sandbox.functions.clients.node_packages import CLIENT_4
from sandbox.functions.environments.function_variables import function_variables
from sandbox.functions.service import FunctionService, ServiceSettings
from tests.support.plugins.small_functions import SmallFunction, small_function

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.functions.clients.runtime_program import RuntimeProgram

EVENTS = 200
SEED = 20261128
EMULATOR = ("aws-sam-cli", "1.170.0", "6b1e686e62ab2baf5759c412c4864276ef2a88b094fca53ec070637ccba9b9a5")
"""The PyPI package and version that contains AWS's emulator for x86_64, and the digest of that program."""
PYTHON = """
import decimal, sys

def handler(event, context):
    do = event.get("do")
    if do == "echo": return event["value"]
    if do == "raise": raise getattr(__import__("builtins"), event["type"])(event["value"])
    if do == "own": raise type("OwnError", (Exception,), {})(event["value"])
    if do == "context":
        return [context.function_name, context.function_version, context.memory_limit_in_mb, context.identity is None,
                context.invoked_function_arn.split(":")[-1], context.get_remaining_time_in_millis() > 0]
    if do == "set": return {1}
    if do == "decimal": return decimal.Decimal("1.5")
    if do == "nothing": return None
    if do == "exit": sys.exit(event["value"])
    if do == "bytes": return b"x"
"""
NODE = """
export const handler = async (event, context) => {
  switch (event.do) {
    case "echo": return event.value;
    case "raise": throw new (globalThis[event.type] ?? Error)(String(event.value));
    case "own": throw Object.assign(new Error(String(event.value)), { name: "OwnError", code: 7 });
    case "context": return [context.functionName, context.functionVersion, context.memoryLimitInMB];
    case "set": return new Set([1]);
    case "decimal": return 10n;
    case "nothing": return undefined;
    case "exit": process.exit(Number(event.value) || 0); break;
    case "bytes": throw "a text";
  }
};
"""
_IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def events(language: str) -> list[dict[str, object]]:
    """Events that make the handler answer and fail in many ways; the same in every run."""
    random = Random(SEED)  # noqa: S311 - chooses examples, no secret
    errors = ["ValueError", "KeyError", "TypeError", "OSError"] if language == "python" else ["TypeError", "RangeError"]
    kinds = ["echo"] * 8 + ["raise"] * 3 + ["own", "context", "set", "decimal", "nothing", "bytes"]
    made: list[dict[str, object]] = [
        {"do": random.choice(kinds), "value": _value(random, 3), "type": random.choice(errors)}
        for _ in range(EVENTS - 4)
    ]
    return made + [{"do": "exit", "value": code} for code in (0, 1, 3, 42)]


def emulated(cache: Path, scratch: Path, runtime: str) -> Bar:
    """Lambda's runtime client behind our Runtime API and behind AWS's emulator."""
    program = emulator(scratch)
    language = "python" if runtime.startswith("python") else "node"
    code = PYTHON if language == "python" else NODE
    with FunctionService(ServiceSettings(cache=cache, any_python=True, isolation="none")) as service:
        function = small_function(scratch, service, code, runtime)
        differences = []
        with _emulated(program, function, service) as ask:
            for event in events(language):
                ours, theirs = _comparable(function.call(event).payload), _comparable(ask(event))
                if ours != theirs:
                    differences.append(f"{event}: {ours} / {theirs}")
    return _bar(f"through our Runtime API and through aws-lambda-rie, {runtime}", differences)


def node_compiled(cache: Path, scratch: Path) -> Bar:
    """The JavaScript of aws-lambda-ric 4 with our module and with its compiled part, both behind our Runtime API."""
    runtime = "nodejs24.x"
    compiled = compiled_client(scratch)
    with (
        FunctionService(ServiceSettings(cache=cache, isolation="none")) as ours,
        FunctionService(ServiceSettings(cache=cache, isolation="none")) as theirs,
    ):
        function = small_function(scratch, ours, NODE, runtime)
        function.call({})
        program: RuntimeProgram = ours._programs.find(runtime)
        command = tuple(part.replace("{runtime_dir}/start.mjs", str(compiled)) for part in program.command)
        theirs._programs._found[runtime] = replace(program, command=command)
        other = replace(function, service=theirs)
        differences = []
        for event in events("node"):
            one, two = _comparable(function.call(event).payload), _comparable(other.call(event).payload)
            if one != two:
                differences.append(f"{event}: {one} / {two}")
    return _bar("through our module and through the compiled client, Node.js 24", differences)


def emulator(scratch: Path) -> Path:
    """AWS's emulator, from the wheel that contains it."""
    program = scratch / "aws-lambda-rie"
    if program.exists():
        return program
    name, version, digest = EMULATOR
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", str(scratch)]
    subprocess.run([*pip, f"{name}=={version}"], check=True, capture_output=True)
    wheel = next(scratch.glob("aws_sam_cli-*.whl"))
    data = zipfile.ZipFile(wheel).read("samcli/local/rapid/aws-lambda-rie-x86_64")
    assert hashlib.sha256(data).hexdigest() == digest
    program.write_bytes(data)
    program.chmod(0o755)
    return program


def compiled_client(scratch: Path) -> Path:
    """aws-lambda-ric 4 with its native part, which takes a minute to compile."""
    folder = scratch / "compiled"
    folder.mkdir()
    (folder / "package.json").write_text("{}")
    npm = ["npm", "install", "--no-audit", "--no-fund", f"{CLIENT_4.name}@{CLIENT_4.version}"]
    subprocess.run(npm, cwd=folder, check=True, capture_output=True)
    return folder / "node_modules" / CLIENT_4.name / "index.mjs"


@contextmanager
def _emulated(program: Path, function: SmallFunction, service: FunctionService) -> Iterator[Any]:
    """Run the emulator with the same command, variables and code as the service."""
    function.call({"do": "nothing"})
    configuration = function.configuration
    runtime: RuntimeProgram = service._programs.find(configuration.runtime)
    code = service._code.unpack(configuration.artifact, configuration.artifact_sha256)
    front, api = _free_port(), _free_port()
    places = {"task_root": str(code), "runtime_dir": str(runtime.client)}
    variables = {
        **function_variables(configuration, task_root=str(code), runtime_api=f"127.0.0.1:{api}"),
        **runtime.variables_for(**places),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(configuration.timeout_seconds),
    }
    options = [
        "--runtime-interface-emulator-address",
        f"127.0.0.1:{front}",
        "--runtime-api-address",
        f"127.0.0.1:{api}",
    ]
    command = runtime.command_for(memory_megabytes=configuration.memory_megabytes, **places)
    argv = [str(program), *options, *command]
    with subprocess.Popen(
        argv, cwd=code, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        url = f"http://127.0.0.1:{front}/2015-03-31/functions/function/invocations"

        def ask(event: object) -> bytes:
            request = urllib.request.Request(url, json.dumps(event).encode(), method="POST")
            for _ in range(100):
                try:
                    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
                        body: bytes = response.read()
                        return body
                except urllib.error.HTTPError as error:
                    return error.read()
                except OSError:  # it does not listen yet
                    time.sleep(0.05)
            message = "the emulator does not answer"
            raise RuntimeError(message)

        try:
            yield ask
        finally:
            running.kill()


def _comparable(payload: bytes) -> object:
    """An answer or error without ids."""
    text = _IDS.sub("<id>", payload.decode("utf-8", "replace"))
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if isinstance(value, dict):
        for key in ("stackTrace", "trace"):  # paths and lines inside the clients differ
            if isinstance(value.get(key), list):
                value[key] = [line for line in value[key] if "/code/" in line][:1]
    return value


def _value(random: Random, depth: int) -> object:
    simple: list[object] = [
        None,
        True,
        False,
        0,
        -1,
        1.5,
        1e21,
        2**53,
        "",
        "ä€😀",
        'a\nb\t"\\',
        "\x7f",
        "x" * 5000,
        [],
        {},
    ]
    if depth == 0 or random.random() < 0.4:
        return random.choice(simple)
    if random.random() < 0.5:
        return [_value(random, depth - 1) for _ in range(random.randrange(4))]
    return {
        random.choice(["a", "ß", "statusCode", "body", ""]): _value(random, depth - 1)
        for _ in range(random.randrange(4))
    }


def _bar(what: str, differences: list[str]) -> Bar:
    print(*differences[:5], sep="\n", end="\n" if differences else "")
    return Bar(
        what=f"{EVENTS} events {what}",
        bar="same answers and errors, except ids and times",
        figure=f"{len(differences)} differ",
        met=not differences,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

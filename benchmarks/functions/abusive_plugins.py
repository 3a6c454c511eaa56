"""24 plugins that break the rules: each is stopped with the right error, and the next call answers."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.functions.bars import Bar
from sandbox.functions.invocation import FailureKind as Kind
from sandbox.functions.service import FunctionService, ServiceSettings
from tests.support.plugins.small_functions import SmallFunction, small_function

if TYPE_CHECKING:
    from sandbox.functions.invocation import Invocation
    from sandbox.functions.isolation.isolation_choice import IsolationKind

PYTHON = """
import ctypes, json, os, signal, subprocess, sys, threading, time

def handler(event, context):
    if not event.get("abuse"):
        return "well"
{body}
    return "done"
"""
ISOLATIONS: dict[IsolationKind, str] = {
    "bubblewrap": "isolated by bubblewrap",
    "namespaces": "isolated by user namespaces",
    "none": "without isolation (two of the 24 need it)",
}
NODE = """
exports.handler = (event, context, callback) => {{
  if (!event.abuse) return callback(null, "well");
{body}
}};
"""


@dataclass(frozen=True, kw_only=True)
class Abuse:
    """A plugin and the allowed endings of its call.

    Attributes:
        name: What it does.
        code: The body of the handler, or the whole module.
        kinds: How the call may end; None is an answer.
        runtime: Of the function.
        isolated_only: Whether only an isolated function is stopped.
    """

    name: str
    code: str
    kinds: tuple[Kind | None, ...]
    runtime: str = "python3.13"
    isolated_only: bool = False
    whole: bool = False
    text: str = ""


def abuses(node: str) -> list[Abuse]:
    """All plugins; ``node`` is the Node.js runtime of this machine."""
    return [
        Abuse(
            name="takes all memory",
            code="while True: event.setdefault('x', []).append(bytearray(1 << 20))",
            kinds=(Kind.MEMORY,),
        ),
        Abuse(
            name="takes all memory in a child process",
            code="return subprocess.run([sys.executable, '-c', 'x = bytearray(2 << 30)']).returncode",
            kinds=(Kind.MEMORY, None),
        ),
        Abuse(
            name="fork bomb", code="while True: os.fork()", kinds=(Kind.MEMORY, Kind.TIMEOUT, Kind.EXIT, Kind.HANDLER)
        ),
        Abuse(
            name="starts threads without end",
            code="while True: threading.Thread(target=time.sleep, args=(60,)).start()",
            kinds=(Kind.MEMORY, Kind.TIMEOUT, Kind.EXIT, Kind.HANDLER),
        ),
        Abuse(
            name="endless loop",
            code="while True: pass",
            kinds=(Kind.TIMEOUT,),
            text="Task timed out after 3.00 seconds",
        ),
        Abuse(name="sleeps", code="time.sleep(600)", kinds=(Kind.TIMEOUT,), text="Task timed out after 3.00 seconds"),
        Abuse(name="leaves sleeping children", code="subprocess.Popen(['sleep', '600'])", kinds=(None,)),
        Abuse(
            name="leaves a daemon and ends",
            code="subprocess.Popen(['setsid', 'sleep', '600'], start_new_session=True)\ntime.sleep(0.2)\nos._exit(7)",
            kinds=(Kind.EXIT,),
            text="exit status 7",
        ),
        Abuse(
            name="fills /tmp",
            code="file = open('/tmp/full', 'wb')\nwhile True: file.write(bytes(1 << 20))",
            kinds=(Kind.HANDLER,),
            isolated_only=True,
            text="No space left on device",
        ),
        Abuse(
            name="writes to its code",
            code="open('/var/task/index.py', 'w')",
            kinds=(Kind.HANDLER,),
            isolated_only=True,
            text="Read-only file system",
        ),
        Abuse(name="prints 50 MB", code="[print('x' * 1023) for _ in range(50 << 10)]", kinds=(None,)),
        Abuse(
            name="raises while it is imported",
            code="raise RuntimeError('no')\n",
            kinds=(Kind.INITIALIZATION,),
            whole=True,
        ),
        Abuse(
            name="ends while it is imported",
            code="import os\nos._exit(5)\n",
            kinds=(Kind.EXIT,),
            whole=True,
            text="exit status 5",
        ),
        Abuse(
            name="takes 12 seconds to be imported",
            code="import time\ntime.sleep(12)\ndef handler(event, context): return 'late'\n",
            kinds=(Kind.TIMEOUT,),
            whole=True,
        ),
        Abuse(name="sys.exit in the handler", code="sys.exit(4)", kinds=(Kind.EXIT,), text="exit status 4"),
        Abuse(name="ends without a reason", code="os._exit(0)", kinds=(Kind.EXIT,), text="without providing a reason"),
        Abuse(name="crashes in native code", code="ctypes.string_at(0)", kinds=(Kind.EXIT,), text="segmentation fault"),
        Abuse(
            name="kills itself",
            code="os.kill(os.getpid(), signal.SIGKILL); time.sleep(5)",
            kinds=(Kind.EXIT,),
            text="killed",
        ),
        Abuse(name="answers with 7 MB", code="return 'x' * (7 << 20)", kinds=(Kind.RESPONSE_SIZE,)),
        Abuse(
            name="answers with something that is not JSON",
            code="return {1, 2}",
            kinds=(Kind.HANDLER,),
            text="Unable to marshal",
        ),
        Abuse(
            name="closes all its files and connections",
            code="os.closerange(0, 200)",
            kinds=(Kind.EXIT, Kind.TIMEOUT, Kind.HANDLER, None),
        ),
        Abuse(
            name="Node.js: an unhandled rejection",
            code="Promise.reject(new Error('lost')); setTimeout(() => {}, 60000);",
            kinds=(Kind.HANDLER, Kind.EXIT),
            runtime=node,
        ),
        Abuse(
            name="Node.js: calls the callback twice",
            code="callback(null, 1); callback(null, 2);",
            kinds=(None,),
            runtime=node,
        ),
        Abuse(
            name="Node.js: throws in a timer",
            code="setTimeout(() => { throw new Error('late'); }, 5);",
            kinds=(Kind.HANDLER, Kind.EXIT),
            runtime=node,
        ),
    ]


def judge(abuse: Abuse, function: SmallFunction) -> str:
    """Why the plugin was not handled as it should be; empty if it was."""
    invocation = function.call({"abuse": True})
    kind = invocation.error.kind if invocation.error else None
    if kind not in abuse.kinds:
        return f"ended as {kind}: {_message(invocation)}"
    if abuse.text and abuse.text not in _message(invocation):
        return f"said {_message(invocation)}"
    if "REPORT RequestId: " not in invocation.report.line:
        return "has no report"
    again = function.call({})
    if abuse.whole:
        return "" if again.error else "answered although it cannot be imported"
    return "" if again.error is None and again.payload == b'"well"' else f"the next call: {_message(again)}"


def left_behind(name: str, patience: float = 10) -> list[str]:
    """The processes with a function's name in their environment, after they had some time to end."""
    marker = f"AWS_LAMBDA_FUNCTION_NAME={name}".encode()
    deadline = time.monotonic() + patience
    while True:
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if marker in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(folder.name)
            except OSError:
                continue
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def measure(cache: Path, scratch: Path, node: str, kind: IsolationKind) -> Bar:
    """Run all plugins with one isolation."""
    problems, ran = [], 0
    for abuse in abuses(node):
        if abuse.isolated_only and kind == "none":
            continue
        code = abuse.code if abuse.whole else _wrapped(abuse)
        with FunctionService(ServiceSettings(cache=cache, any_python=True, isolation=kind)) as service:
            file = "" if abuse.runtime.startswith("python") else "index.js"
            function = small_function(scratch, service, code, abuse.runtime, file=file)
            function = function.changed(timeout_seconds=3, memory_megabytes=256)
            problem = judge(abuse, function)
        left = left_behind(function.configuration.name)
        ran += 1
        if problem or left:
            problems.append(f"{abuse.name}: {problem or f'left {len(left)} processes'}")
        print(f"  {abuse.name}: {problem or 'as it should be'}{f', left {left}' if left else ''}", flush=True)
    return Bar(
        what=f"abusive plugins, {ISOLATIONS[kind]}",
        bar="each stopped with the right error, no process left, the next call answers",
        figure=f"{ran - len(problems)} of {ran}" + (f"; {'; '.join(problems)}" if problems else ""),
        met=not problems,
    )


def _wrapped(abuse: Abuse) -> str:
    frame = PYTHON if abuse.runtime.startswith("python") else NODE
    return frame.format(body="\n".join(f"    {line}" for line in abuse.code.split("\n")))


def _message(invocation: Invocation) -> str:
    return invocation.error.error_message if invocation.error else json.dumps(invocation.payload[:200].decode())

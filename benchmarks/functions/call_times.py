"""Warm and cold calls, and the memory that a report shows."""

from __future__ import annotations

import json
import os
import statistics
import time
from typing import TYPE_CHECKING

from benchmarks.functions.bars import Bar, bar_for, milliseconds, percentile, scale
from sandbox.functions.service import FunctionService, ServiceSettings
from tests.support.plugins.small_functions import small_function

if TYPE_CHECKING:
    from pathlib import Path

WARM_CALLS = 500
WARM_ROUND = 50
COLD_STARTS = 9
WARM_BAR = 0.0015
COLD_BARS = {"python": 0.35, "nodejs": 0.25}
ECHO = {
    "python": "def handler(event, context): return event\n",
    "nodejs": "export const handler = async (event) => event;\n",
}
GROW = """
import resource

KEPT = []

def handler(event, context):
    KEPT.append(bytearray(event["megabytes"] << 20))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
"""


def warm_calls(cache: Path, scratch: Path, runtime: str) -> Bar:
    """The time of ``FunctionService.invoke`` in a warm environment."""
    with FunctionService(ServiceSettings(cache=cache, any_python=True)) as service:
        function = small_function(scratch, service, ECHO[_language(runtime)], runtime)
        function.call({})
        seconds, factors = [], []
        for number in range(WARM_CALLS):
            if number % WARM_ROUND == 0:  # the speed of the machine changes while others use it
                factors.append(scale())
            begin = time.perf_counter()
            function.call({})
            seconds.append(time.perf_counter() - begin)
    factor = statistics.median(factors)
    p50 = percentile(seconds, 50)
    return Bar(
        what=f"warm call, {runtime} ({WARM_CALLS} calls)",
        bar=bar_for(WARM_BAR, factor),
        figure=f"median {milliseconds(p50)}, 95 % {milliseconds(percentile(seconds, 95))}",
        met=p50 <= WARM_BAR * factor,
    )


def cold_calls(cache: Path, artifact: tuple[Path, str], runtime: str, scratch: Path) -> Bar:
    """The time of a first call of a generated plugin, with the code unpacked already.

    Args:
        cache: Of the service.
        artifact: The ZIP and its digest.
        runtime: Of the plugin.
        scratch: For functions of one file.
    """
    seconds = []
    with FunctionService(ServiceSettings(cache=cache, any_python=True)) as service:
        small_function(scratch, service, ECHO[_language(runtime)], runtime).call({})  # finds interpreter and isolation
        for number in range(COLD_STARTS + 1):
            function = small_function(scratch, service, ECHO[_language(runtime)], runtime)
            function = function.changed(
                name=f"Plugin-cold-{number}", artifact=artifact[0], artifact_sha256=artifact[1], memory_megabytes=512
            )
            begin = time.perf_counter()
            invocation = function.call({"source": "aws.events"})
            seconds.append(time.perf_counter() - begin)
            assert json.loads(invocation.payload)["statusCode"] == 200, invocation
    del seconds[0]  # unpacks the code
    factor = scale()
    bar = COLD_BARS[_language(runtime)]
    p50 = percentile(seconds, 50)
    return Bar(
        what=f"cold call, generated plugin, {runtime} ({COLD_STARTS} starts)",
        bar=bar_for(bar, factor),
        figure=f"median {milliseconds(p50)}, slowest {milliseconds(max(seconds))}",
        met=p50 <= bar * factor,
    )


def memory(cache: Path, scratch: Path) -> Bar:
    """The memory in the report, compared with what the kernel says about the process (ru_maxrss)."""
    worst = 0.0
    with FunctionService(ServiceSettings(cache=cache, any_python=True)) as service:
        for megabytes in (1, 20, 50, 100, 200, 400):
            function = small_function(scratch, service, GROW).changed(
                memory_megabytes=1024, name=f"Plugin-m{megabytes}"
            )
            invocation = function.call({"megabytes": megabytes})
            kernel = int(invocation.payload)
            worst = max(worst, abs((invocation.report.memory_used or 0) / kernel - 1))
    return Bar(
        what="memory shown, compared with the kernel's figure (1 to 400 MB)",
        bar="within 5 %",
        figure=f"at most {worst:.1%} off",
        met=worst <= 0.05,
    )


def _language(runtime: str) -> str:
    return "python" if runtime.startswith("python") else "nodejs"


def load() -> str:
    """The load of the machine, for the page."""
    return f"load {os.getloadavg()[0]:.1f}"

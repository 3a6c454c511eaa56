"""What three interceptors add to an API call on the local BioT.

``python -m benchmarks.functions.interceptor_times`` measures only this.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.functions.bars import Bar, bar_for, milliseconds, percentile, scale
from benchmarks.functions.local_biot import started_biot, token_of
from sandbox.entities.seed_data import seed_id
from tests.support.sandbox.settings_client import MINIMAL, Settings, http_client, zipped

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

CALLS = 300
ROUND = 30
ADDED_BAR = 0.008
_PATIENT = f"/organization/v1/users/patients/{seed_id('patient', 1)}"
_CAREGIVER = f"/organization/v1/users/caregivers/{seed_id('caregiver', 1)}"
"""A call without interceptors: it reads one user, too."""
_CODE = zipped(
    {
        "index.py": """
import json

def handler(event, context):
    body = json.loads(event["body"])
    part = "request" if "request" in body else "response"
    if part == "response":
        content = body[part].get("body") or body[part]["entities"][0]
        content["_passed"] = content.get("_passed", "") + "x"
    return {"statusCode": 200, "body": json.dumps({part: body[part]})}
"""
    }
)
_INTERCEPTIONS = (
    {"type": "PRE_REQUEST", "apiId": "GET/organization/v1/users/patients/{id}"},
    {"type": "ADAPT_ENTITY", "entityTypeName": "patient"},
    {"type": "POST_REQUEST", "apiId": "GET/organization/v1/users/patients/{id}"},
)


def three_interceptors(scratch: Path, variables: Mapping[str, str]) -> Bar:
    """Read a patient through a PRE_REQUEST, an ADAPT_ENTITY and a POST_REQUEST plugin, and in turns a caregiver."""
    environment = {**os.environ, **variables, "BIOT_PLUGIN_STATE": str(scratch / "interceptors-state")}
    through, without, factors = [], [], []
    with started_biot(environment) as (_, address), http_client(address, token_of(environment, address)) as client:
        _create_plugins(client)
        _read(client, _PATIENT, passed="xx")  # starts the plugins
        for number in range(CALLS):
            if number % ROUND == 0:  # the speed of the machine changes while others use it
                factors.append(scale())
            without.append(_read(client, _CAREGIVER))
            through.append(_read(client, _PATIENT, passed="xx"))
    factor = statistics.median(factors)
    added = percentile(through, 50) - percentile(without, 50)
    return Bar(
        what=f"an API call through 3 warm interceptors, compared with none ({CALLS} calls each)",
        bar=f"{bar_for(ADDED_BAR, factor)} more",
        figure=(
            f"{milliseconds(added)} more: median {milliseconds(percentile(through, 50))}, "
            f"and {milliseconds(percentile(without, 50))} without"
        ),
        met=added <= ADDED_BAR * factor,
    )


def _create_plugins(client: httpx.Client) -> None:
    settings = Settings(client)
    for number, interception in enumerate(_INTERCEPTIONS):
        subscriptions = {"notifications": [], "interceptions": [interception], "interceptionOrder": 5 + number}
        config = {**MINIMAL, "name": f"plugin-{number}", "enabledState": "ENABLED", "subscriptions": subscriptions}
        created = settings.create(config, _CODE)
        assert created.is_success, created.text


def _read(client: httpx.Client, path: str, *, passed: str = "") -> float:
    """Read a user and return the seconds; plugins that change the response leave their mark."""
    begin = time.perf_counter()
    answer = client.get(path)
    seconds = time.perf_counter() - begin
    assert answer.is_success, answer.text
    assert answer.json().get("_passed", "") == passed, answer.text
    return seconds


def main() -> int:
    """Measure and print the row; 1 when the bar is missed."""
    with tempfile.TemporaryDirectory(prefix="biot-interceptors-", ignore_cleanup_errors=True) as folder:
        bar = three_interceptors(Path(folder), {})
    print(f"{'met   ' if bar.met else 'MISSED'} {bar.what}: {bar.figure} ({bar.bar})")
    return 0 if bar.met else 1


if __name__ == "__main__":
    raise SystemExit(main())

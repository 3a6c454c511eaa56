"""10,000 requests of 16 clients to the server of a plugin on one's own account, in both languages."""

from __future__ import annotations

import http.client
import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from copier import run_copy

from tests.support.sandbox.running_sandbox import running_sandbox
from tests.templates.conftest import REPOSITORY
from tests.templates.test_own_account_chain import COMMANDS, serve

if TYPE_CHECKING:
    from pathlib import Path

CLIENTS, CALLS = 16, 625


def call(port: int, token: str, client: int) -> list[int]:
    """Send the calls of one client over one connection; return those that came back with its own content."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    own = []
    for number in range(CALLS):
        sent = {"client": client, "number": number}
        connection.request("POST", "/", json.dumps(sent), headers)
        response = connection.getresponse()
        if (response.status, json.loads(response.read())) == (200, {"received": sent}):
            own.append(number)
    connection.close()
    return own


@pytest.mark.filterwarnings("ignore::copier.errors.DirtyLocalWarning")
@pytest.mark.parametrize("language", COMMANDS)
def test_nothing_is_lost_or_mixed_up(language: str, tmp_path: Path) -> None:
    folder = tmp_path / "my-plugin"
    answers = {"language": language, "hosting": "own"}
    run_copy(str(REPOSITORY), folder, answers, vcs_ref="HEAD", defaults=True, quiet=True)
    if language == "javascript":
        npm = ["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(npm, cwd=folder, check=True, capture_output=True)
    with running_sandbox(tmp_path / "biot") as biot:
        process, port = serve(folder, language, biot)
        begin = time.monotonic()
        try:
            with ThreadPoolExecutor(CLIENTS) as pool:
                answered = list(pool.map(lambda client: call(port, biot.token(), client), range(CLIENTS)))
        finally:
            process.terminate()
            code = process.wait(60)
    print(f"{CLIENTS * CALLS} requests, {language}: {time.monotonic() - begin:.1f} s")
    assert code == 0
    assert answered == [list(range(CALLS))] * CLIENTS
    lines = [json.loads(line) for line in (tmp_path / "log").read_text("utf-8").splitlines()]
    assert len([line for line in lines if line["message"].startswith("POST was answered with 200")]) == CLIENTS * CALLS
    assert len({line["traceId"] for line in lines}) > CLIENTS * CALLS

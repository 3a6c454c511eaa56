"""No credential of a push shows anywhere: not printed, not in a file, an argument, a log or a traceback."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.registry.push_credentials import find_credentials
from tests.functional.release.conftest import LOCAL, ImagePlugin, name_local_biot
from tests.support.repetitions import exhaustive_after
from tests.support.sandbox.running_sandbox import Sandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.functional.release.conftest import PublisherMachine

REPOSITORY = Path(__file__).parents[3]
COMMANDS = (("image", "login"), ("image", "push"), ("publish",), ("publish", "--json"), ("rollback",))
TOKEN_BEGINS = "eyJhbGciOi"
"""Every JSON Web Token begins so."""
VARIABLE = "hush-INFO"
"""The value of an environment variable of the plugin."""
DRIVER = """
import sys

crash, log, *arguments = sys.argv[1:]


def watch(event, values):
    if event in {"subprocess.Popen", "os.posix_spawn", "os.exec", "os.system"}:
        with open(log, "a") as stream:
            stream.write(f"{values[:2]}\\n")


sys.addaudithook(watch)
if crash:
    from builder.registry.registry_transport import RegistryTransport

    whole = RegistryTransport.stream

    def stream(transport, request, authorization):
        log_in = authorization is not None or "x-amz-security-token" in request.headers
        if log_in and (crash == "log-in") == (authorization is None):
            raise RuntimeError(f"a bug at {transport} {vars(transport)}, {request!r}, {authorization!r}")
        return whole(transport, request, authorization)

    RegistryTransport.stream = stream
from builder.cli.app import run

raise SystemExit(run(arguments))
"""


@pytest.fixture
def log() -> list[str]:
    """What the local BioT prints with ``--verbose``."""
    return []


@pytest.fixture
def biot(tmp_path: Path, machine: PublisherMachine, log: list[str]) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path / "sandbox", log=log.append) as running:
        name_local_biot(machine.state, running.base_url, running.service_user.id, running.service_user.secret_key)
        yield running


@pytest.fixture
def shown(tmp_path: Path, image: ImagePlugin) -> Shown:
    return Shown(image, tmp_path)


class Shown:
    """Everything that commands let others see, in processes of their own."""

    def __init__(self, image: ImagePlugin, folder: Path) -> None:
        self.image, self.folder, self.texts = image, folder, dict[str, str]()
        for name in ("home", "tmp"):
            (folder / name).mkdir()

    def run(self, *arguments: str, crash: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command; ``crash`` lets it fail by a bug, whose text is as careless as it can be."""
        places = {"HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp")}
        started = self.folder / "started"
        more = (*LOCAL, "-p", str(self.image.machine.plugin))
        done = subprocess.run(
            [sys.executable, "-X", "dev", "-c", DRIVER, crash, str(started), *arguments, *more],
            cwd=REPOSITORY,
            env={**os.environ, **places},
            capture_output=True,
            text=True,
            check=False,
        )
        self.texts[f"output of {arguments}"] = done.stdout + done.stderr
        self.texts[f"arguments of {arguments}"] = started.read_text() if started.exists() else ""
        return done

    def leaks(self, log: list[str]) -> list[str]:
        """Where a credential shows."""
        texts = {**self.texts, "log of the local BioT": "\n".join(log)}
        for file in self.folder.rglob("*"):
            path = file.relative_to(self.folder)
            own = path.parts[0] == "sandbox" or path.parts[:2] in {("state", "tokens"), ("state", "local.json")}
            if file.is_file() and not own:
                texts[str(path)] = file.read_bytes().decode("utf-8", "replace")
        return [place for place, text in texts.items() if any(secret in text for secret in self._secrets())]

    def _secrets(self) -> list[str]:
        secrets = [self.image.biot.service_user.secret_key, self.image.biot.admin_password, TOKEN_BEGINS]
        with self.image.biot.running.state.database.read() as connection:
            keys = [row[0] for row in connection.execute("SELECT access_key_id FROM registry_credential")]
            for found in filter(None, (find_credentials(connection, key) for key in keys)):
                basic = base64.b64encode(f"AWS:{found.password}".encode()).decode()
                secrets += [found.secret_access_key, found.session_token, found.password, basic[8:-8]]
        return secrets


@pytest.mark.exhaustive
def test_log_in_push_publish_and_rollback_show_no_credential(shown: Shown, log: list[str]) -> None:
    for number, arguments in enumerate(COMMANDS):
        shown.image.write(answer=number)
        done = shown.run(*arguments)
        assert done.returncode == 0, done

    assert any("/v2/" in line for line in log)
    assert shown.leaks(log) == []
    assert [place for place, text in shown.texts.items() if VARIABLE in text] == []


@pytest.mark.parametrize("crash", ["log-in", "push"])
@pytest.mark.parametrize(
    "arguments", exhaustive_after(1, [(("publish",),), (("image", "login"),), (("image", "push"),)])
)
def test_a_bug_in_the_middle_of_a_log_in_or_push_shows_no_credential(
    shown: Shown, log: list[str], arguments: tuple[str, ...], crash: str
) -> None:
    done = shown.run(*arguments, crash=crash)

    assert done.returncode == 70, done
    assert "RuntimeError: a bug at" in done.stdout + done.stderr
    assert shown.image.log_ins() > 0
    assert shown.leaks(log) == []


def test_the_search_finds_what_it_searches_for(shown: Shown) -> None:
    shown.texts["planted"] = f"x{shown.image.biot.service_user.secret_key}y"

    assert shown.leaks([f"Bearer {TOKEN_BEGINS}"]) == ["planted", "log of the local BioT"]

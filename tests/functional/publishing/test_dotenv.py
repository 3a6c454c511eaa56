"""``.env`` as editors, shells and password managers write it, and special files in the state folder."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from builder.publishing.access import dotenv
from builder.publishing.access.credential_storage import read_dotenv_credentials
from builder.publishing.access.credentials import UserCredentials
from builder.publishing.failures import AccessDenied

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.publishing.conftest import CommandLine

TEXT = "BIOT_USERNAME=änn\nBIOT_PASSWORD='p w'\n"
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither FIFOs in folders nor such permissions")


def credentials(folder: Path) -> UserCredentials | None:
    dotenv = read_dotenv_credentials(folder)
    if dotenv is None:
        return None
    assert isinstance(dotenv.credentials, UserCredentials)
    return dotenv.credentials


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_the_first_variable_is_read_in_every_encoding_of_editors(tmp_path: Path, encoding: str) -> None:
    marks = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
    (tmp_path / ".env").write_bytes(marks.get(encoding, b"") + TEXT.encode(encoding))
    dotenv = credentials(tmp_path)

    assert dotenv is not None
    assert (dotenv.principal, dotenv.password.reveal()) == ("änn", "p w")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (TEXT.encode("utf-16-le"), "NUL bytes"),
        (b"\xff\xfe" + TEXT.encode("utf-16-le")[:-1], "begins like UTF-16"),
        (TEXT.encode("latin-1"), "not UTF-8"),
        (b"#" * 70_000 + b"\n" + TEXT.encode(), "larger than 64 KB"),
    ],
)
def test_a_file_that_would_lose_a_variable_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / ".env").write_bytes(content)
    with pytest.raises(AccessDenied, match=reason) as caught:
        read_dotenv_credentials(tmp_path)
    assert caught.value.hint


def test_a_comment_in_another_encoding_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("# für alle\n".encode("latin-1") + TEXT.encode())
    assert credentials(tmp_path) is not None


@posix
def test_a_password_manager_may_take_its_time_to_write_to_a_fifo(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".env")

    def write() -> None:
        time.sleep(0.2)
        with (tmp_path / ".env").open("w", encoding="utf-8") as stream:
            for line in TEXT.splitlines(keepends=True):
                stream.write(line)
                stream.flush()
                time.sleep(0.1)

    writer = threading.Thread(target=write)
    writer.start()
    dotenv = credentials(tmp_path)
    writer.join()

    assert dotenv is not None
    assert dotenv.password.reveal() == "p w"


@posix
def test_a_fifo_that_nobody_writes_to_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / ".env")
    monkeypatch.setattr(dotenv, "FIFO_SECONDS", 0.2)
    with pytest.raises(AccessDenied, match="nothing was written to it"):
        read_dotenv_credentials(tmp_path)


@posix
@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, True), (0o604, True), (0o620, False)])
def test_a_file_that_others_can_read_gives_a_warning(tmp_path: Path, mode: int, warned: bool) -> None:
    (tmp_path / ".env").write_text(TEXT)
    (tmp_path / ".env").chmod(mode)
    dotenv = read_dotenv_credentials(tmp_path)

    assert dotenv is not None
    assert ("chmod 600 .env" in dotenv.warning) is warned


@posix
def test_the_warning_is_printed(biot_plugin: CommandLine, plugin_folder: Path) -> None:
    with (plugin_folder / "plugin.toml").open("a") as stream:
        stream.write('[environments.dev]\nbaseUrl = "http://127.0.0.1:1"\n')
    (plugin_folder / ".env").write_text(TEXT)
    (plugin_folder / ".env").chmod(0o644)

    assert "chmod 600 .env" in biot_plugin("list", "-e", "dev").err
    checks = biot_plugin("doctor", "-e", "dev", "--json").document["checks"]
    assert next(check for check in checks if check["name"] == "credentials")["state"] == "warning"


@posix
@pytest.mark.parametrize("place", ["local.json", "tokens", "catalogs"])
def test_a_fifo_in_the_state_folder_does_not_block(biot_plugin: CommandLine, plugin_folder: Path, place: str) -> None:
    assert biot_plugin("list", "-e", "local").code == 0
    assert biot_plugin("catalog", "-e", "local").code == 0
    state = plugin_folder.parent / "state"
    files = [state / place] if place.endswith(".json") else list((state / place).iterdir())
    assert files
    for file in files:
        file.unlink()
        os.mkfifo(file)

    assert biot_plugin("list", "-e", "local").code == (8 if place == "local.json" else 0)
    assert biot_plugin("check").code in {3, 4, 5}

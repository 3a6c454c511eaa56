from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from builder.errors import PublishError
from builder.network.secret_text import SecretText
from builder.publishing.state_folder import LocalBiot, StateFolder, find_state_folder, read_local_biot, write_local_biot

if TYPE_CHECKING:
    from pathlib import Path

LOCAL = LocalBiot(
    base_url="http://127.0.0.1:8080",
    service_user_id="an-id",
    service_user_secret_key=SecretText("a-secret"),
    admin_username="admin@example.com",
    admin_password=SecretText("another-secret"),
)

CONTENTS = [
    b"",
    b"{",
    b"{}",
    b"[]",
    b"[" * 100_000,
    b'{"baseUrl": 1}',
    b"\xff",
    *(
        b'{"baseUrl": "%s", "serviceUserId": "i", "serviceUserSecretKey": "s"}' % url
        for url in (
            b"",
            b"x",
            b"http://[::1",
            b"http://127.0.0.1:999999",
            b"http://127.0.0.1@example.com",
            b"http://a.b",
        )
    ),
    b'{"baseUrl": "http://127.0.0.1:1", "serviceUserId": "", "serviceUserSecretKey": "s"}',
    b'{"baseUrl": "http://127.0.0.1:1", "serviceUserId": "\\ud800", "serviceUserSecretKey": "s"}',
]


def test_the_local_biot_is_found_again_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    state = StateFolder(folder=tmp_path / "state")

    assert read_local_biot(state) is None
    write_local_biot(state, LOCAL)

    assert read_local_biot(state) == LOCAL
    assert stat.S_IMODE(state.local_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.folder.stat().st_mode) == 0o700
    assert [file.name for file in state.folder.iterdir()] == ["local.json"]


@pytest.mark.parametrize("content", CONTENTS)
def test_the_error_for_a_damaged_file_says_how_to_recreate_it(tmp_path: Path, content: bytes) -> None:
    state = StateFolder(folder=tmp_path)
    state.local_file.write_bytes(content)

    with pytest.raises(PublishError, match=r"local\.json") as caught:
        read_local_biot(state)

    assert "sandbox" in caught.value.hint


def test_a_folder_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(PublishError, match="cannot be written"):
        write_local_biot(StateFolder(folder=tmp_path / "file" / "state"), LOCAL)


def test_the_folder_of_an_unknown_user_stays_as_written() -> None:
    assert find_state_folder({"BIOT_PLUGIN_STATE": "~nobody-of-this-name/x"}).folder.parts[-2:] == (
        "~nobody-of-this-name",
        "x",
    )

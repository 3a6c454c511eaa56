"""The command line on a machine that knows the local BioT."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from builder.network.secret_text import SecretText
from builder.publishing.state_folder import LocalBiot, StateFolder, write_local_biot
from tests.functional.publishing.conftest import CommandLine

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sandbox.running_sandbox import Sandbox


@pytest.fixture
def biot_plugin(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """``biot-plugin`` in this process; ``local`` is the local BioT of this file's tests."""
    user, state = sandbox.service_user, StateFolder(folder=tmp_path / "state")
    secret = SecretText(user.secret_key)
    write_local_biot(
        state, LocalBiot(base_url=sandbox.base_url, service_user_id=user.id, service_user_secret_key=secret)
    )
    monkeypatch.setenv("BIOT_PLUGIN_STATE", str(state.folder))
    monkeypatch.chdir(tmp_path)
    return CommandLine(capsys)

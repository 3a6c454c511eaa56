"""Hostile text in every field of every response to every command is printed safely."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.functional.publishing.conftest import biot_plugin, client, plugin_folder, sandbox
from tests.functional.publishing.test_hostile_responses import COMMANDS, play_fields, proxy, run

if TYPE_CHECKING:
    from tests.functional.publishing.test_hostile_responses import Run

__all__ = ["biot_plugin", "client", "plugin_folder", "proxy", "run", "sandbox"]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_hostile_text_in_every_field_of_every_response(run: Run, command: tuple[str, ...]) -> None:
    play_fields(run, command, step=1)

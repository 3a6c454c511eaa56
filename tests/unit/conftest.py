"""Unit tests decide on values: none of them may open a socket."""

from __future__ import annotations

import pytest_socket


def pytest_runtest_setup() -> None:
    pytest_socket.disable_socket(allow_unix_socket=True)  # asyncio's event loop wakes itself through a pair of them


def pytest_runtest_teardown() -> None:
    pytest_socket.enable_socket()

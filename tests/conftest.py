"""What every run of the tests has in common, however it was started."""

from __future__ import annotations

import gc
import os
import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Generator

# CI runs the same generated examples every time; on a developer's machine every run looks for new ones.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("dev", deadline=None)
# Plain tox: `--hypothesis-profile=few`. `tox -e exhaustive` runs the same tests with all examples.
settings.register_profile("few", derandomize=bool(os.environ.get("CI")), deadline=None, max_examples=25)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

# A shell starts background jobs with SIGINT ignored, and commands that the tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None]:
    """Collect tests without collecting garbage, and keep what was collected out of every later search for garbage.

    The tests and their modules live until the end. Searching them again and again took a quarter of the unit tests.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are cores, because many tests wait for servers, registries and processes."""
    return (os.cpu_count() or 1) + 1

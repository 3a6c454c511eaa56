"""A busy machine."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CORES = os.cpu_count() or 1


@contextmanager
def busy_machine(loops: int = CORES) -> Iterator[None]:
    """Run this many processes that compute without a pause, one for each core, while the block runs."""
    with ExitStack() as load:
        for _ in range(loops):
            process = load.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            load.callback(process.kill)
        yield

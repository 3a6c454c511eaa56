"""``biot-plugin sandbox`` in a process of its own, as whoever has a terminal starts it."""

from __future__ import annotations

import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@contextmanager
def started_sandbox(argv: Sequence[str], environ: Mapping[str, str]) -> Iterator[str]:
    """Run a command line that starts a local BioT, until the block ends; gives what it said when it was ready.

    Args:
        argv: Without ``--json``: its last words are what is waited for.
        environ: With a ``BIOT_PLUGIN_STATE`` of its own, or somebody's real local BioT is forgotten.
    """
    with subprocess.Popen(
        argv, env=dict(environ), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "Ctrl-C stops it" in line:
                break
        try:
            assert process.poll() is None, f"{' '.join(argv)} ended: {said}"
            yield said
        finally:
            process.send_signal(signal.SIGTERM)

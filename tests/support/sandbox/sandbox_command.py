"""``biot-plugin sandbox`` in a separate process, started as in a terminal."""

from __future__ import annotations

import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@contextmanager
def started_sandbox(argv: Sequence[str], environ: Mapping[str, str]) -> Iterator[str]:
    """Run a command that starts a local BioT until the block ends, and return what it printed when it was ready.

    Args:
        argv: The command, without ``--json``, because the last printed line shows that it is ready.
        environ: The environment, with its own ``BIOT_PLUGIN_STATE`` to protect the user's real local BioT.
    """
    with subprocess.Popen(
        argv, env=dict(environ), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        output = ""
        for line in process.stdout:
            output += line
            if "Ctrl-C stops it" in line:
                break
        try:
            assert process.poll() is None, f"{' '.join(argv)} ended: {output}"
            yield output
        finally:
            process.send_signal(signal.SIGTERM)

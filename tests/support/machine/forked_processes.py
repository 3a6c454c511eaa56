"""Processes that are forked from one that has imported everything once, so that each starts in milliseconds.

A process has one such server, with one list of modules: whoever sets a list replaces the list of the others.
"""

from __future__ import annotations

import multiprocessing

FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(
    ["__main__", "tests.support.machine.pip_modules", "tests.support.sandbox.sandbox_process", "tests.proof.running"]
)

"""Work beside other work: both are over afterwards, whatever happens, and Ctrl-C reaches what takes long."""

from __future__ import annotations

import threading

import pytest

from builder.errors import DependencyError
from builder.host.background import run_both


def test_both_go_on_at_the_same_time_and_the_work_is_done_in_this_thread() -> None:
    here, there = threading.Event(), threading.Event()

    def work() -> threading.Thread:
        here.set()
        assert there.wait(5)
        return threading.current_thread()

    def beside() -> None:
        there.set()
        assert here.wait(5)

    assert run_both(work, beside) is threading.current_thread()


def test_a_failure_beside_it_is_raised_here() -> None:
    def beside() -> None:
        raise DependencyError("no index", hint="Try again.")  # noqa: EM101

    with pytest.raises(DependencyError, match="no index"):
        run_both(lambda: None, beside)


def test_nothing_goes_on_when_the_work_is_interrupted() -> None:
    begun, go_on, over = threading.Event(), threading.Event(), threading.Event()

    def interrupted() -> None:
        assert begun.wait(5)
        go_on.set()
        raise KeyboardInterrupt

    def beside() -> None:
        begun.set()
        assert go_on.wait(5)
        over.set()

    with pytest.raises(KeyboardInterrupt):
        run_both(interrupted, beside)
    assert over.is_set()

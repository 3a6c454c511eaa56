"""Work in a second thread: its result and its failure arrive here, and nothing of it goes on afterwards."""

from __future__ import annotations

import threading

import pytest

from builder.errors import DependencyError
from builder.meanwhile import meanwhile


def test_both_go_on_at_the_same_time() -> None:
    here, there = threading.Event(), threading.Event()

    def work() -> str:
        there.set()
        assert here.wait(5)
        return threading.current_thread().name

    def beside() -> None:
        assert there.wait(5)
        here.set()

    assert meanwhile(work, beside) == "meanwhile"


def test_a_failure_of_the_work_is_raised_here() -> None:
    def work() -> None:
        raise DependencyError("no index", hint="Try again.")  # noqa: EM101

    with pytest.raises(DependencyError, match="no index"):
        meanwhile(work, lambda: None)


def test_work_is_over_when_what_is_done_here_fails() -> None:
    begun, go_on, over = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        assert go_on.wait(5)
        over.set()

    def interrupted() -> None:
        assert begun.wait(5)
        go_on.set()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        meanwhile(work, interrupted)
    assert over.is_set()

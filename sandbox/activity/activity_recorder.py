"""Record everything that the hooks report, in a thread of its own, so that no call waits for the disk."""

from __future__ import annotations

import logging
import queue
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from sandbox.activity.activity_file import ActivityFile, ChainEnding, NewChain, NewStep
from sandbox.activity.activity_search import ActivityQuery
from sandbox.activity.chain_documents import describe_end, describe_start, describe_step, plugin_failed
from sandbox.clock import iso

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sandbox.activity.activity_file import ActivityRecord
    from sandbox.hooks.hook_reports import ChainEnd, ChainStart, ChainStep

_BATCH_MAX = 500


class ActivityRecorder:
    """The activity of one running local BioT; a ``HookObserver``. Thread-safe.

    Args:
        file: The file.

    Attributes:
        revision: Grows with each record that was written, so that a reader can wait for the next one.
    """

    def __init__(self, file: Path) -> None:
        self._file = ActivityFile(file)
        self._turn = threading.Lock()
        self.revision = 0
        self._queue: queue.SimpleQueue[Callable[[], ActivityRecord]] = queue.SimpleQueue()
        self._arrived = threading.Event()
        self._is_closing = False
        self._thread = threading.Thread(target=self._write_all, name="activity", daemon=True)
        self._thread.start()

    def chain_started(self, start: ChainStart) -> None:
        """Record it."""
        self._put(lambda: _chain(start))

    def step_done(self, step: ChainStep) -> None:
        """Record it."""
        self._put(lambda: _step(step))

    def chain_ended(self, end: ChainEnd) -> None:
        """Record it."""
        self._put(lambda: _end(end))

    def search(self, query: ActivityQuery) -> list[dict[str, object]]:
        """Return summaries of the newest chains that a query finds, everything reported so far included."""
        with self._turn:
            self._write_waiting()
            return self._file.search(query)

    def calls(self, query: ActivityQuery) -> list[dict[str, object]]:
        """Return the calls of plugins that a query finds, everything reported so far included."""
        with self._turn:
            self._write_waiting()
            return self._file.calls(query)

    def read(self, identifier: str) -> dict[str, object] | None:
        """Return a chain by its number or id; None when there is none."""
        with self._turn:
            self._write_waiting()
            return self._file.read(identifier)

    def numbered(self, chain: dict[str, object]) -> dict[str, object]:
        """Return a described chain with its number in the activity."""
        with self._turn:
            self._write_waiting()
            return {"number": self._file.number_of(str(chain["id"])), **chain}

    def read_trace(self, trace_id: str) -> dict[str, object] | None:
        """Return the newest chain of a trace; None when there is none."""
        found = self.search(ActivityQuery(where="trace_id = ?", parameters=(trace_id,), limit=1))
        return self.read(str(found[0]["id"])) if found else None

    def close(self) -> None:
        """Write everything that waits, and close the file."""
        self._is_closing = True
        self._arrived.set()
        self._thread.join()
        with self._turn:
            self._write_waiting()
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _put(self, make: Callable[[], ActivityRecord]) -> None:
        self._queue.put(make)
        self._arrived.set()

    def _write_all(self) -> None:
        """Write whatever arrives. Records are taken only in the thread's turn: a reader misses none, in their order."""
        while not self._is_closing:
            self._arrived.wait()
            self._arrived.clear()
            with self._turn:
                self._write_waiting()

    def _write_waiting(self) -> None:
        """Write everything that waits, in order."""
        while batch := self._next_batch():
            self._write(batch)

    def _next_batch(self) -> list[Callable[[], ActivityRecord]]:
        batch: list[Callable[[], ActivityRecord]] = []
        with suppress(queue.Empty):
            while len(batch) < _BATCH_MAX:
                batch.append(self._queue.get_nowait())
        return batch

    def _write(self, batch: list[Callable[[], ActivityRecord]]) -> None:
        """Write records. A failure of the disk is logged; the calls themselves go on."""
        try:
            self._file.add([make() for make in batch])
            self.revision += 1
        except Exception:  # the record of what happened must never stop what happens
            logging.getLogger(__name__).exception("The activity could not be recorded.")


def _chain(start: ChainStart) -> NewChain:
    return NewChain(
        id=start.id,
        kind=start.kind,
        title=start.title,
        trace_id=start.trace_id,
        parent_id=start.parent_id,
        started=iso(start.started),
        document=describe_start(start),
    )


def _step(step: ChainStep) -> NewStep:
    return NewStep(
        chain_id=step.chain_id,
        name=step.name,
        listener=step.listener,
        failed=plugin_failed(step),
        document=describe_step(step),
        status=step.answer.status if step.answer else None,
        milliseconds=round(step.milliseconds, 3),
    )


def _end(end: ChainEnd) -> ChainEnding:
    return ChainEnding(
        id=end.id,
        status=end.answer.status if end.answer else None,
        milliseconds=end.milliseconds,
        failed=bool(end.problem),
        document=describe_end(end),
    )

"""A build of an engine in a thread of its own, so that Ctrl-C does not stop the reading of what the engine says.

Only the main thread gets Ctrl-C. It then ends the sending side of the connection, and the engine stops the build: it
finishes or kills the step that it is in, says what this step made, and ends the answer. Whoever has read until there
knows every image and container of the build, and none comes later.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from ssl import SSLSocket
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from docker import APIClient
    from requests import Response

    _Event = Mapping[str, object]

STOP_SECONDS: Final = 60
"""How long an engine may take for the end of a step: it copies a gigabyte in less."""
_POLL_SECONDS: Final = 0.1


class BuildThread:
    """Reads the events of a build until the engine ends them."""

    def __init__(
        self, engine: APIClient, begin: Callable[[], Iterator[_Event]], read: Callable[[_Event], None]
    ) -> None:
        """Start the build.

        Args:
            engine: The engine; no other thread uses it until ``wait`` or ``stop`` has returned.
            begin: Sends the request, and returns the events.
            read: Takes each event, in the other thread.
        """
        self._engine = engine
        self._begin = begin
        self._read = read
        self._response: Response | None = None
        self._error: Exception | None = None
        # Not Thread.join: in Python 3.11, an interrupted join declares a running thread to have ended (bpo-45274).
        self._ended = Event()
        engine.hooks["response"].append(self._keep)
        Thread(target=self._run, name="engine build", daemon=True).start()

    def wait(self) -> None:
        """Wait for the end of the build.

        Raises:
            Exception: What the docker library raised.
        """
        while not self._ended.wait(_POLL_SECONDS):  # without a limit, Ctrl-C would wait too on Windows
            pass
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Stop the build, and wait until the engine has ended it, at most ``STOP_SECONDS``.

        Through TLS and named pipes the sending side has no end of its own. There the whole connection is closed, and
        the step that was just ending can leave an image without a name.
        """
        end = time.monotonic() + STOP_SECONDS
        while not self._ended.is_set() and time.monotonic() < end:
            if self._response is not None:
                self._end_sending(self._response)
            self._ended.wait(_POLL_SECONDS)
        if not self._ended.is_set() and self._response is not None:
            self._response.close()
        self._engine.close()  # no later request may get the connection that cannot send any more

    def _run(self) -> None:
        try:
            for event in self._begin():
                self._read(event)
        except Exception as error:  # noqa: BLE001 - raised in the thread that waits
            self._error = error
        finally:
            self._ended.set()

    def _keep(self, response: Response, **_: object) -> None:
        """Keep the answer to the build's request, whose connection ``stop`` needs."""
        if response.request.path_url.partition("?")[0].endswith("/build"):
            self._response = response

    def _end_sending(self, response: Response) -> None:
        found = getattr(getattr(response.raw, "connection", None), "sock", None)
        if isinstance(found, socket.socket) and not isinstance(found, SSLSocket):
            with suppress(OSError):  # the engine has closed it
                found.shutdown(socket.SHUT_WR)
        else:
            response.close()

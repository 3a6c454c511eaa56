"""What a function wrote to standard output and standard error, up to a limit, as one text for each line."""

from __future__ import annotations

KEPT_MAX = 1_048_576
"""Bytes of the log of one call that are kept (the kit's choice; CloudWatch keeps everything)."""


class FunctionLog:
    """Collects the output of an execution environment between two calls.

    Attributes:
        received: Bytes since the environment started.
    """

    def __init__(self) -> None:
        self.received = 0
        self._data = bytearray()
        self._dropped = 0

    def add(self, data: bytes) -> None:
        """Add a piece of output."""
        self.received += len(data)
        kept = data[: KEPT_MAX - len(self._data)]
        self._data += kept
        self._dropped += len(data) - len(kept)

    def take(self) -> tuple[str, ...]:
        """Return everything since the last call of this method, line by line.

        The runtime clients write a record of several lines with carriage returns between them, so that it stays one
        record in CloudWatch; here they become line ends inside the text.
        """
        text = self._data.decode("utf-8", "replace")
        lines = [line.rstrip("\r").replace("\r", "\n") for line in text.split("\n")]
        if not lines[-1]:
            lines.pop()
        if self._dropped:
            lines.append(f"({self._dropped} more bytes of output are not shown.)")
        self._data.clear()
        self._dropped = 0
        return tuple(lines)

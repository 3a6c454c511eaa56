"""One of the plugin's own files, as a value."""

from __future__ import annotations

from msgspec import Struct


class SourceFile(Struct, frozen=True, kw_only=True):
    """One of the plugin's own files.

    Attributes:
        path: In the artifact.
        origin: The path that the user knows: relative to the plugin's folder.
        content: Its bytes.
    """

    path: str
    origin: str
    content: bytes

    @property
    def executable(self) -> bool:
        """Whether the system can start it: a script with ``#!`` or a Linux program.

        The content decides, not the file's mode, because Windows has no such mode and WSL sets it
        on every file.
        """
        return self.content.startswith((b"#!", b"\x7fELF"))

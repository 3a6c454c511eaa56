"""The plugin's own files, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFile:
    """One of the plugin's own files.

    Attributes:
        path: In the artifact.
        origin: As the user knows it: relative to the plugin's folder.
        content: Its bytes.
    """

    path: str
    origin: str
    content: bytes

    @property
    def executable(self) -> bool:
        """Whether the system can start it: a script with ``#!`` or a Linux program.

        The content says so and not the file's mode, because Windows has no such mode and WSL sets it everywhere.
        """
        return self.content.startswith((b"#!", b"\x7fELF"))

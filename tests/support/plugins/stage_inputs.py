"""Manifests and progress for tests of single stages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from builder.manifest.model import Build, Manifest, Plugin

if TYPE_CHECKING:
    from pathlib import Path


def plugin(folder: Path, runtime: str = "python3.13", *, requirements: str | None = None) -> Manifest:
    """The manifest of a plugin in ``folder`` with only the required keys."""
    return Manifest(
        file=folder / "plugin.toml",
        plugin=Plugin(name="sample", display_name="Sample", version=1, runtime=runtime),
        build=Build(requirements=requirements),
    )


@dataclass
class RecordedProgress:
    """A progress that records its messages."""

    tasks: list[tuple[str, int]] = field(default_factory=list)
    items: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def begin(self, task: str, total: int) -> None:
        self.tasks.append((task, total))

    def advance(self, item: str) -> None:
        self.items.append(item)

    def note(self, message: str) -> None:
        self.notes.append(message)

"""Where the files of the artifact lie before it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceLayout:
    """The folders that first-party files come from.

    Attributes:
        folder: The plugin's folder.
        root: ``[build] root``, relative to the folder.
        shared: ``[build.shared]``: another folder, relative to the plugin's -> its folder in the artifact.
    """

    folder: Path
    root: str
    shared: Mapping[str, str] = field(default_factory=dict)

    def at(self, path: str) -> Path:
        """The file or folder that a path of the artifact names; it need not be there."""
        own = self.folder / self.root / path
        for name, place in self.shared.items():
            if f"{path}/".startswith(f"{place}/") and not own.is_file():
                return self.folder / name / path[len(place) + 1 :]
        return own

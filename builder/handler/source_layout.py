"""Where the files of the artifact lie in the repository, before the artifact exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class SourceLayout(Struct, frozen=True, kw_only=True):
    """The folders of the plugin's own files.

    Attributes:
        folder: The plugin's folder.
        root: ``[build] root``, relative to the plugin's folder.
        shared: ``[build.shared]``: a folder relative to the plugin's -> its folder in the artifact.
    """

    folder: Path
    root: str
    shared: Mapping[str, str] = field(default_factory=dict)

    def locate(self, path: str) -> Path:
        """The file or folder of the repository that has this path in the artifact; it may not exist."""
        own = self.folder / self.root / path
        for source_folder, artifact_folder in self.shared.items():
            if f"{path}/".startswith(f"{artifact_folder}/") and not own.is_file():
                return self.folder / source_folder / path[len(artifact_folder) + 1 :]
        return own

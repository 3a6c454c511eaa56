"""The size of each package in an archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from builder.archive.entry_paths import folders_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from builder.build_values import Bundle, Entry

OWN_FILES = "the plugin's own files"


class PackageRow(Struct, frozen=True, kw_only=True):
    """One line of the table by package. The plugin's own files are a line too, without name and version.

    Attributes:
        name: Of the package.
        version: Of the package.
        files: Number of files.
        size: Bytes uncompressed.
        packed_size: Bytes in the ZIP, without headers.
        paths: The package's paths in the archive: folders (ending in ``/``) that hold only its
            files, and single files.
    """

    name: str
    version: str
    files: int
    size: int
    packed_size: int
    paths: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name and version for people."""
        return f"{self.name} {self.version}".strip() or OWN_FILES


def package_rows(bundle: Bundle) -> tuple[PackageRow, ...]:
    """The table by package: the plugin's own files first, then by name and version."""
    paths = owned_paths((entry.path, entry.owner) for entry in bundle.entries)
    groups: dict[str, list[Entry]] = {}
    for entry in bundle.entries:
        groups.setdefault(entry.owner, []).append(entry)
    return tuple(
        PackageRow(
            name=owner.rpartition(" ")[0],
            version=owner.rpartition(" ")[2],
            files=len(group),
            size=sum(entry.size for entry in group),
            packed_size=sum(entry.compressed_size for entry in group),
            paths=tuple(paths[owner]),
        )
        for owner, group in sorted(groups.items())
    )


def owned_paths(owners: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The fewest paths that show which owner every file has.

    Args:
        owners: Path and owner of every file.

    Returns:
        For each owner, sorted: the topmost folders that hold only its files, and the files that lie
            in shared folders.
    """
    # Files of one folder share its parents, so each folder is visited once for each of its owners.
    files: dict[tuple[str, str], list[str]] = {}
    for path, owner in owners:
        files.setdefault((path[: path.rfind("/") + 1], owner), []).append(path)
    shared: dict[str, str | None] = {}
    for parent, owner in files:
        for folder in folders_of(parent):
            if shared.setdefault(folder, owner) != owner:
                shared[folder] = None
    owned: dict[str, set[str]] = {}
    for (parent, owner), paths in files.items():
        topmost = next((f"{folder}/" for folder in folders_of(parent) if shared[folder] is not None), None)
        owned.setdefault(owner, set()).update(paths if topmost is None else [topmost])
    return {owner: sorted(paths) for owner, paths in owned.items()}

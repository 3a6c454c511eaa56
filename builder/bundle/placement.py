"""Where the files of a package go in the artifact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.build_values import Pack, PackMember

INSTALLER_TRACES: Final = frozenset({"RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED", "direct_url.json"})
"""Files of a ``.dist-info`` that record how and where a package was installed, or list the
installed files."""
_MERGED: Final = frozenset({"purelib", "platlib", "data"})
"""Parts of a ``.data`` folder that ``pip install --target`` installs at the target's root."""


def place_wheel(pack: Pack) -> Iterator[tuple[str, PackMember]]:
    """Every member of a wheel that goes into the artifact, with its path there.

    Files at the wheel's root and below ``.data/purelib``, ``.data/platlib`` (some wheels have all
    their code there) and ``.data/data`` go to the artifact's root. Metadata, licences and SBOMs
    stay, because programs and auditors read them. ``console_scripts`` places scripts.
    """
    data = data_folder(pack)
    for member in pack.members:
        if member.path.endswith((".pyc", ".pyo")) or is_installer_trace(member.path):
            continue
        if not data or not member.path.startswith(data):
            yield member.path, member
            continue
        scheme, _, inside = member.path.removeprefix(data).partition("/")
        if scheme in _MERGED:
            yield inside, member


def place_npm(pack: Pack) -> Iterator[tuple[str, PackMember]]:
    """Every member of an npm package, once for each folder that the lock assigns to it."""
    for folder in pack.package.places:
        for member in pack.members:
            yield f"{folder}/{member.path}", member


def data_folder(pack: Pack) -> str:
    """The wheel's ``NAME-VERSION.data/``; empty when it has no ``.dist-info`` of the same name."""
    metadata = metadata_folder(pack)
    return f"{metadata.removesuffix('.dist-info')}.data/" if metadata else ""


def metadata_folder(pack: Pack) -> str:
    """The wheel's ``NAME-VERSION.dist-info``; empty when it has none."""
    for member in pack.members:
        if member.path.endswith(".dist-info/METADATA") and member.path.count("/") == 1:
            return member.path.removesuffix("/METADATA")
    return ""


def is_installer_trace(path: str) -> bool:
    """Whether an installer wrote this file: one of ``INSTALLER_TRACES`` directly in a ``.dist-info``."""
    folder, _, name = path.partition("/")
    return name in INSTALLER_TRACES and folder.endswith(".dist-info")

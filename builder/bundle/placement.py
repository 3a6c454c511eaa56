"""Where a package's files go in the artifact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.build_values import Pack, PackMember

INSTALLER_TRACES: Final = frozenset({"RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED", "direct_url.json"})
"""Files of a ``.dist-info`` that tell how and where something was installed, or list what lay there then."""
_MERGED: Final = frozenset({"purelib", "platlib", "data"})
"""Schemes of a ``.data`` folder that ``pip install --target`` puts at the target's root."""


def place_wheel(pack: Pack) -> Iterator[tuple[str, PackMember]]:
    """Every member of a wheel that goes into the artifact, with its path there.

    The root takes what lies at the wheel's root and under ``.data/purelib`` and ``.data/platlib`` (some wheels keep all
    their code there) and ``.data/data``; metadata, licences and SBOMs stay, because programs and auditors read them.
    Scripts are not placed here: the few that are kept have their own module.
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
    """Every member of an npm package, once in each of the folders that the lock gives it."""
    for place in pack.package.places:
        for member in pack.members:
            yield f"{place}/{member.path}", member


def data_folder(pack: Pack) -> str:
    """The wheel's ``NAME-VERSION.data/``, which lies beside a ``.dist-info`` of the same name; empty without one."""
    metadata = metadata_folder(pack)
    return f"{metadata.removesuffix('.dist-info')}.data/" if metadata else ""


def metadata_folder(pack: Pack) -> str:
    """The wheel's ``NAME-VERSION.dist-info``; empty without one."""
    for member in pack.members:
        folder, _, name = member.path.partition("/")
        if name == "METADATA" and folder.endswith(".dist-info"):
            return folder
    return ""


def is_installer_trace(path: str) -> bool:
    """Whether a path is an installer's trace: directly in a ``.dist-info`` at the root."""
    folder, _, name = path.partition("/")
    return name in INSTALLER_TRACES and folder.endswith(".dist-info")

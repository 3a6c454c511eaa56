"""Where a package's files go in the artifact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.values import Pack, PackMember

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
        parts = member.path.split("/")
        if parts[0] == data and len(parts) > 2:  # noqa: PLR2004  # NAME.data/SCHEME/PATH
            path = "/".join(parts[2:]) if parts[1] in _MERGED else ""
        elif is_trace(parts) or member.path.endswith((".pyc", ".pyo")):
            path = ""
        else:
            path = member.path
        if path and not path.endswith((".pyc", ".pyo")):
            yield path, member


def place_npm(pack: Pack) -> Iterator[tuple[str, PackMember]]:
    """Every member of an npm package, once in each of the folders that the lock gives it."""
    for place in pack.package.places:
        for member in pack.members:
            yield f"{place}/{member.path}", member


def data_folder(pack: Pack) -> str:
    """The wheel's ``NAME-VERSION.data``, which lies beside a ``.dist-info`` of the same name; empty without one."""
    metadata = metadata_folder(pack)
    return f"{metadata.removesuffix('.dist-info')}.data" if metadata else ""


def metadata_folder(pack: Pack) -> str:
    """The wheel's ``NAME-VERSION.dist-info``; empty without one."""
    for member in pack.members:
        folder, _, name = member.path.partition("/")
        if name == "METADATA" and folder.endswith(".dist-info"):
            return folder
    return ""


def is_trace(parts: list[str]) -> bool:
    """Whether a path is an installer's trace: directly in a ``.dist-info`` at the root."""
    return len(parts) == 2 and parts[0].endswith(".dist-info") and parts[1] in INSTALLER_TRACES  # noqa: PLR2004

"""What the packages say about themselves, read once for one lock: facts, who asks for whom, and licence texts."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import packaging

import builder
from builder.archive.cached_results import Memory
from builder.evidence.sbom.components import Component, Facts
from builder.fingerprint import code_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from builder.archive.cached_results import Packs
    from builder.build_values import Pack
    from builder.evidence.evidence_settings import Settings
    from builder.manifest.model import Manifest

_Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Study:
    """What follows from the packages alone, whatever the plugin's own files are.

    Attributes:
        components: ``name version`` of a package -> what it is; without its files, which the artifact decides.
        requires: ``name version``, or empty for the plugin -> the packages that it asks for.
        texts: ``name version`` and the licence texts in the package, sorted; the text is empty where there is none.
    """

    components: Mapping[str, Component]
    requires: Mapping[str, tuple[str, ...]]
    texts: tuple[tuple[str, str], ...]


def memory_of(store: Packs, manifest: Manifest, settings: Settings, packs: Sequence[Pack]) -> Memory:
    """What was found out about these very packages before, by this very code.

    ``packaging`` is part of that code: it says what a licence expression and a marker mean.

    The lock decides the packages, whose digests were checked when they were collected, and what the plugin asks for;
    counts of their files stand for what was left out of them on purpose.

    Args:
        store: Keeps it.
        manifest: For its runtime.
        settings: For the digest of the lock.
        packs: The packages as they go into the artifact.
    """
    if not settings.lock_sha256:
        return Memory()
    shapes = [[pack.file.stem, len(pack.members), sum(member.crc32 for member in pack.members)] for pack in packs]
    about = (
        builder.__version__,
        code_digest(),
        packaging.__version__,
        settings.lock_sha256,
        manifest.runtime.name,
        json.dumps(shapes),
    )
    return Memory(store=store, about=about)


def study(manifest: Manifest, packs: Sequence[Pack], direct: Callable[[], Sequence[str]], memory: Memory) -> Study:
    """Read every package's metadata, SBOMs and licences, or remember what they said.

    Args:
        manifest: The plugin.
        packs: The packages.
        direct: Gives what the plugin itself asks for: PEP 508 lines, or names of npm packages.
        memory: About these packages.

    Raises:
        VerificationError: A pack was changed while it was read.
        DependencyError: The files that say what the plugin asks for cannot be read.
    """

    def read() -> _Document:
        from builder.evidence.sbom.package_reader import read_packs

        return asdict(read_packs(manifest, packs, direct()))

    document = memory.once("study", read)
    return Study(
        components={label: _component(told) for label, told in document["components"].items()},
        requires={label: tuple(asked) for label, asked in document["requires"].items()},
        texts=tuple((label, text) for label, text in document["texts"]),
    )


def _component(told: _Document) -> Component:
    facts = told["facts"]
    return Component(
        **{
            **told,
            "hashes": tuple((algorithm, digest) for algorithm, digest in told["hashes"]),
            "facts": Facts(**{**facts, "licence_names": tuple(facts["licence_names"]), "needs": tuple(facts["needs"])}),
            "files": tuple(told["files"]),
            "inside": tuple(_component(one) for one in told["inside"]),
            "unread": tuple(told["unread"]),
        }
    )

"""The metadata of all packages of a lock, read once and then taken from the cache in the store."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import packaging

import builder
from builder.archive.cached_results import ResultCache
from builder.evidence.components import Component, PackageAnalysis, PackageFacts
from builder.host.fingerprint import code_digest
from builder.json_keys import camel_case, to_document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from builder.archive.cached_results import PackStorage
    from builder.build_values import Pack
    from builder.manifest.model import Manifest

_Document = dict[str, Any]


def package_result_cache(
    store: PackStorage, manifest: Manifest, lock_sha256: str, packs: Sequence[Pack]
) -> ResultCache:
    """The cache of results that follow from these packages, computed by this version of the kit's code.

    ``packaging`` is part of that code: it decides what a licence expression and a marker mean.

    The lock decides the packages, whose digests were checked when they were collected, and the
    plugin's requirements. The number and the checksums of each pack's files stand for what pruning
    left out.

    Args:
        store: Stores the results.
        manifest: For its runtime.
        lock_sha256: Of the lock file; empty without one, which turns the cache off.
        packs: The packages as they go into the artifact.
    """
    if not lock_sha256:
        return ResultCache()
    shapes = [[pack.file.stem, len(pack.members), sum(member.crc32 for member in pack.members)] for pack in packs]
    inputs = (
        builder.__version__,
        code_digest(),
        packaging.__version__,
        lock_sha256,
        manifest.runtime.name,
        json.dumps(shapes),
    )
    return ResultCache(store=store, inputs=inputs)


def analyze_packages(
    manifest: Manifest, packs: Sequence[Pack], direct: Callable[[], Sequence[str]], cache: ResultCache
) -> PackageAnalysis:
    """Read every package's metadata, SBOMs and licences, or take the analysis from the cache.

    Args:
        manifest: The plugin.
        packs: The packages.
        direct: Returns the plugin's own requirements: PEP 508 lines, or names of npm packages.
        cache: Results that were computed for these packages before.

    Raises:
        VerificationError: A pack was changed while it was read.
        DependencyError: The files with the plugin's requirements cannot be read.
    """

    def read() -> _Document:
        from builder.evidence.sbom.package_reader import read_packs  # a build with a warm cache never needs it

        document: _Document = to_document(read_packs(manifest, packs, direct()))
        return document

    document = cache.get_or_compute("package analysis", read)
    return PackageAnalysis(
        components={label: _component(component) for label, component in document["components"].items()},
        requires={label: tuple(required) for label, required in document["requires"].items()},
        texts=tuple((label, text) for label, text in document["texts"]),
    )


def _component(document: _Document) -> Component:
    facts = {name: document["facts"][camel_case(name)] for name in PackageFacts.__struct_fields__}
    tuples = {"licence_names": tuple(facts["licence_names"]), "needs": tuple(facts["needs"])}
    return Component(
        **{
            **document,
            "hashes": tuple((algorithm, digest) for algorithm, digest in document["hashes"]),
            "facts": PackageFacts(**{**facts, **tuples}),
            "files": tuple(document["files"]),
            "inside": tuple(_component(nested) for nested in document["inside"]),
            "unread": tuple(document["unread"]),
        }
    )

"""The inputs digest changes with everything that changes the artifact, and with nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from builder.build_values import Lock
from builder.evidence import inputs_digest
from builder.manifest.model import Build, Manifest
from tests.support.plugins.small_bundles import manifest_of, pack_of, source_of

if TYPE_CHECKING:
    from builder.bundle import SourceFile

SOURCES = [source_of("index.py", b"x = 1\n"), source_of("ns/own/y.py", b"")]
LOCK = Lock(file=Path("/home/a/requirements.lock"), packages=(pack_of("pkg", {}).package, pack_of("two", {}).package))
MANIFEST = manifest_of(folder=Path("/home/a/plugin"))


def test_the_inputs_digest_does_not_depend_on_order_or_folder() -> None:
    lock = Lock(file=None, packages=LOCK.packages[::-1])
    assert inputs_digest(MANIFEST, LOCK, SOURCES) == inputs_digest(manifest_of(), lock, SOURCES[::-1])


OTHERS: dict[str, tuple[Manifest, Lock, list[SourceFile]]] = {
    "content": (MANIFEST, LOCK, [source_of("index.py", b"x = 2\n"), SOURCES[1]]),
    "path": (MANIFEST, LOCK, [source_of("main.py", b"x = 1\n"), SOURCES[1]]),
    "one file less": (MANIFEST, LOCK, [SOURCES[0]]),
    "one package less": (MANIFEST, Lock(file=None, packages=LOCK.packages[:1]), [*SOURCES]),
    "another wheel of the version": (
        MANIFEST,
        Lock(file=None, packages=(replace(LOCK.packages[0], digest="sha256:1"), LOCK.packages[1])),
        [*SOURCES],
    ),
    "another place": (
        MANIFEST,
        Lock(file=None, packages=(replace(LOCK.packages[0], places=("x",)), LOCK.packages[1])),
        [*SOURCES],
    ),
    "runtime": (manifest_of(runtime="python3.12"), LOCK, [*SOURCES]),
    "scripts": (manifest_of(Build(scripts=("a",))), LOCK, [*SOURCES]),
    "prefer": (manifest_of(Build(prefer={"a": "b"})), LOCK, [*SOURCES]),
    "version": (replace(MANIFEST, plugin=replace(MANIFEST.plugin, version=2)), LOCK, [*SOURCES]),
}


@pytest.mark.parametrize(("manifest", "lock", "sources"), OTHERS.values(), ids=OTHERS.keys())
def test_every_input_changes_the_inputs_digest(manifest: Manifest, lock: Lock, sources: list[SourceFile]) -> None:
    assert inputs_digest(manifest, lock, sources) != inputs_digest(MANIFEST, LOCK, SOURCES)

"""``[build] recompress``: smaller packs with the same content, compressed once."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from builder.archive.reader import read_content
from builder.dependencies import Store, collect, read_lock, write_lock
from builder.manifest.model import Build
from builder.progress import SilentProgress
from tests.support.plugins.stage_inputs import RecordedProgress, plugin

if TYPE_CHECKING:
    from pathlib import Path

    from builder.build_values import Pack
    from builder.manifest.model import Manifest
    from tests.support.servers.package_registries import PythonIndex

pytestmark = pytest.mark.usefixtures("forked_pip")


TEXT = " ".join(random.Random(1).choices(["alpha", "beta", "gamma", "delta", "def", "return"], k=20_000))  # noqa: S311 - content only


@pytest.fixture
def locked(project: Path, store: Store, index: PythonIndex) -> Manifest:
    index.wheel("base", "1.0", files={"base/data.txt": TEXT.encode()})
    index.wheel("other", "1.0")
    (project / "requirements.in").write_text("base\nother\n")
    manifest = plugin(project, requirements="requirements.in")
    write_lock(manifest, store, SilentProgress())
    return replace(manifest, build=Build(requirements="requirements.in", recompress=True))


def content(packs: tuple[Pack, ...]) -> dict[str, tuple[int, bytes]]:
    return {member.path: (member.mode, read_content(pack.file, member)) for pack in packs for member in pack.members}


def size(packs: tuple[Pack, ...]) -> int:
    return sum(member.compressed_size for pack in packs for member in pack.members)


def test_packages_are_smaller_with_the_same_content_in_the_same_order(locked: Manifest, store: Store) -> None:
    lock = read_lock(locked)
    plain = collect(lock, replace(locked, build=Build(requirements="requirements.in")), store, SilentProgress())
    hard = collect(lock, locked, store, SilentProgress())

    assert [pack.package for pack in hard] == [pack.package for pack in plain] == list(lock.packages)
    assert content(hard) == content(plain)
    assert size(hard) < size(plain)


def test_recompressed_packs_are_reused_and_equal_on_other_machines(
    locked: Manifest, store: Store, tmp_path: Path
) -> None:
    lock = read_lock(locked)
    first = collect(lock, locked, store, SilentProgress())
    before = {pack.file: pack.file.stat().st_mtime_ns for pack in first}
    recorded = RecordedProgress()
    second = collect(lock, locked, store, recorded)
    elsewhere = collect(lock, locked, Store(tmp_path / "elsewhere"), SilentProgress())

    assert {pack.file: pack.file.stat().st_mtime_ns for pack in second} == before
    assert ("Recompressing packages", 2) in recorded.tasks
    assert [pack.file.name for pack in elsewhere] == [pack.file.name for pack in first]
    assert [pack.file.read_bytes() for pack in elsewhere] == [pack.file.read_bytes() for pack in first]

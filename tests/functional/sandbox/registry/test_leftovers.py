"""What a killed local BioT leaves in its registry, and manifests whose request does not name their type."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from sandbox.database import Database
from sandbox.registry.blob_files import UNUSED_SECONDS, BlobFiles
from sandbox.registry.pushed_manifest import read_pushed
from sandbox.registry.unfinished_blobs import UnfinishedBlobs
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

CONFIG = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": f"sha256:{'1' * 64}", "size": 1}
OCI = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / "biot.sqlite")) as database:
        database.migrate()
        yield database


def test_the_next_start_deletes_what_no_repository_has(database: Database) -> None:
    blobs, now = BlobFiles.beside(database), datetime(2026, 1, 1, tzinfo=UTC)
    kept, orphan, lost = (f"sha256:{letter * 64}" for letter in "abc")
    blobs.uploads.mkdir(parents=True)
    for name, digest in (("1", kept), ("2", orphan)):
        (blobs.uploads / name).write_bytes(b"layer")
        blobs.add(blobs.uploads / name, digest)
    for name, age in (("old", UNUSED_SECONDS + 1), ("new", 1)):
        (blobs.uploads / name).touch()
        os.utime(blobs.uploads / name, (now.timestamp() - age,) * 2)
    with database.write() as connection:
        rows = [("plugins", digest, 5, "2026-01-01T00:00:00.000Z") for digest in (kept, lost)]
        connection.executemany("INSERT INTO registry_blob VALUES (?, ?, ?, ?)", rows)
        blobs.sweep(connection, now)

    with database.read() as connection:
        linked = [row["digest"] for row in connection.execute("SELECT digest FROM registry_blob")]
    assert linked == [kept]
    assert (blobs.file(kept).is_file(), blobs.file(orphan).exists()) == (True, False)
    assert [file.name for file in blobs.uploads.iterdir()] == ["new"]


def test_an_upload_that_another_process_began_has_the_digest_of_everything(tmp_path: Path) -> None:
    upload = UnfinishedBlobs(tmp_path / "uploads").start()
    (tmp_path / "uploads" / upload).write_bytes(b"the first half, ")

    async def pieces() -> AsyncIterator[bytes]:
        yield b"and the second"

    async def resume() -> tuple[int, str]:
        async with UnfinishedBlobs(tmp_path / "uploads").use(upload) as session:
            return await session.receive(pieces()), session.finish()

    whole = b"the first half, and the second"
    assert asyncio.run(resume()) == (14, f"sha256:{hashlib.sha256(whole).hexdigest()}")


def test_a_manifest_says_itself_what_it_is_when_the_request_does_not() -> None:
    content = json.dumps({"schemaVersion": 2, "mediaType": OCI, "config": CONFIG, "layers": []}).encode()

    assert read_pushed(content, "").media_type == OCI
    assert read_pushed(content, f"{OCI}; charset=utf-8").blobs == (CONFIG["digest"],)


@pytest.mark.parametrize("content", [b"{}", b"[]", b"not JSON", b"[" * 100_000])
def test_a_manifest_of_unknown_type_is_refused(content: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        read_pushed(content, "")

    assert (caught.value.status, caught.value.code) == (400, "MANIFEST_INVALID")

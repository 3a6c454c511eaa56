"""The registry after ``kill -9``, after lost connections, and with large blobs."""

from __future__ import annotations

import hashlib
import os
import socket
import sqlite3
import threading
import time
from array import array
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from sandbox.server import DATABASE_FILE
from tests.support.repetitions import exhaustive_except
from tests.support.sandbox.pushed_images import RegistryClient, digest_of, registry_client, small_image
from tests.support.sandbox.running_sandbox import running_sandbox
from tests.support.sandbox.sandbox_process import sandbox_process
from tests.support.sandbox.settings_client import http_client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from tests.support.sandbox.running_sandbox import Sandbox

DATA = array("I", range(1_000_000)).tobytes()


@contextmanager
def served(folder: Path, client: RegistryClient) -> Iterator[tuple[RegistryClient, BaseProcess]]:
    """The same log-in at a local BioT that was started again, on another port; and its process."""
    with sandbox_process(folder) as (url, process), http_client(url) as http:
        assert client.http.auth is not None
        http.auth = client.http.auth
        yield RegistryClient(http=http, repository=client.repository), process


def wrong_blobs(folder: Path) -> list[str]:
    """What the database says about blobs that the files contradict."""
    blobs = folder / f"{DATABASE_FILE}.images" / "blobs" / "sha256"
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection:
        rows = connection.execute("SELECT digest, size FROM registry_blob").fetchall()
        parts = connection.execute(
            "SELECT part FROM registry_reference WHERE part NOT IN (SELECT digest FROM registry_blob)"
        ).fetchall()
    problems = [f"{part} of a manifest is missing" for (part,) in parts]
    for digest, size in rows:
        file = blobs / digest.removeprefix("sha256:")
        if not file.is_file() or file.stat().st_size != size or digest_of(file.read_bytes()) != digest:
            problems.append(f"{digest} is not complete")
    return problems


@pytest.fixture(scope="module")
def logged_in(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RegistryClient]:
    """A folder of a stopped local BioT, and a log-in for it."""
    folder = tmp_path_factory.mktemp("killed")
    with running_sandbox(folder) as sandbox:
        client = registry_client(sandbox)
        client.http.close()
        return folder, client


@pytest.mark.parametrize("share", exhaustive_except([0.05, 0.3, 0.6, 0.9, 1.0, 1.2], {0.3, 1.0}.__contains__))
def test_a_killed_push_leaves_complete_blobs_and_can_be_repeated(
    logged_in: tuple[Path, RegistryClient], share: float
) -> None:
    folder, client = logged_in
    image = small_image(f"killed at {share}")
    layer = DATA + str(share).encode()

    def push(registry: RegistryClient) -> None:
        registry.push_blob(layer)
        registry.push(image, "killed")

    def push_until_killed(registry: RegistryClient) -> None:
        try:
            push(registry)
        except (httpx.HTTPError, AssertionError):
            return

    with served(folder, client) as (registry, _):
        begin = time.monotonic()
        push(registry)
        seconds = time.monotonic() - begin
    with served(folder, client) as (pushing, process):
        for path in (f"manifests/{image.digest}", f"blobs/{digest_of(layer)}"):
            pushing.http.delete(pushing.path(path))
        thread = threading.Thread(target=push_until_killed, args=(pushing,))
        thread.start()
        time.sleep(seconds * share)
        process.kill()
        thread.join()
    assert wrong_blobs(folder) == []
    with served(folder, client) as (registry, _):
        push(registry)
        assert registry.http.get(registry.path("manifests/killed")).content == image.manifest.content
        assert registry.http.get(registry.path(f"blobs/{digest_of(layer)}")).content == layer
    assert wrong_blobs(folder) == []


def test_an_upload_goes_on_after_a_restart(logged_in: tuple[Path, RegistryClient]) -> None:
    folder, client = logged_in
    data = DATA[::-1]
    with served(folder, client) as (registry, process):
        place = registry.http.post(registry.path("blobs/uploads/")).headers["location"]
        assert registry.http.patch(place, content=data[:1_500_000]).status_code == 202
        process.kill()
    with served(folder, client) as (registry, _):
        assert registry.http.get(place).headers["range"] == "0-1499999"
        rest = {"content-range": "1500000-2999999"}
        assert registry.http.patch(place, content=data[1_500_000:3_000_000], headers=rest).status_code == 202
        done = registry.http.put(place, params={"digest": digest_of(data)}, content=data[3_000_000:])
        assert done.status_code == 201
    assert wrong_blobs(folder) == []


def test_a_start_deletes_what_nobody_finished_for_a_day(logged_in: tuple[Path, RegistryClient]) -> None:
    folder, client = logged_in
    images = folder / f"{DATABASE_FILE}.images"
    with served(folder, client) as (registry, _):
        young = registry.http.post(registry.path("blobs/uploads/")).headers["location"].rpartition("/")[2]
        old = registry.http.post(registry.path("blobs/uploads/")).headers["location"].rpartition("/")[2]
        registry.push_blob(b"never named by a manifest")
        registry.push_blob(b"named too late")
        registry.push(small_image("kept"), "kept")
    os.utime(images / "uploads" / old, (1, 1))
    orphan = images / "blobs" / "sha256" / ("f" * 64)
    orphan.write_bytes(b"left between two steps")
    unused = hashlib.sha256(b"never named by a manifest").hexdigest()
    with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection, connection:
        query = "UPDATE registry_blob SET pushed_time = '2020-01-01T00:00:00.000Z' WHERE digest = ?"
        connection.execute(query, (f"sha256:{unused}",))
    with served(folder, client) as (registry, _):
        uploads = {file.name for file in (images / "uploads").iterdir()}
        assert young in uploads
        assert old not in uploads
        assert not orphan.exists()
        assert not (images / "blobs" / "sha256" / unused).exists()
        assert registry.http.head(registry.path(f"blobs/{digest_of(b'named too late')}")).status_code == 200
        assert registry.http.get(registry.path("manifests/kept")).status_code == 200


def test_a_client_that_lost_its_connection_resumes_where_the_registry_is(
    sandbox: Sandbox, registry: RegistryClient
) -> None:
    place = registry.http.post(registry.path("blobs/uploads/")).headers["location"]
    address = urlsplit(sandbox.base_url)
    assert isinstance(registry.http.auth, httpx.BasicAuth)
    request = registry.http.build_request("PATCH", place, content=DATA)
    authorization = next(registry.http.auth.auth_flow(request)).headers["authorization"]
    with socket.create_connection((address.hostname, address.port)) as broken:
        head = f"PATCH {place} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: {len(DATA)}\r\n"
        broken.sendall(f"{head}Authorization: {authorization}\r\n\r\n".encode() + DATA[:1_234_567])
    answer, arrived = registry.http.get(place), 0
    for _ in range(20):  # the registry may still be reading what the lost connection has sent, and then says so
        arrived = int(answer.headers["range"].removeprefix("0-")) + 1
        assert arrived <= 1_234_567
        answer = registry.http.put(
            place,
            params={"digest": digest_of(DATA)},
            content=DATA[arrived:],
            headers={"content-range": f"{arrived}-{len(DATA) - 1}"},
        )
        if answer.status_code != 416:
            break
        time.sleep(0.05)
    done = answer

    assert done.status_code == 201
    assert arrived > 1
    assert registry.http.get(done.headers["location"]).content == DATA


@pytest.mark.exhaustive
def test_a_large_blob_needs_constant_memory(logged_in: tuple[Path, RegistryClient]) -> None:
    folder, client = logged_in
    piece, count = bytes(1 << 20), 200
    digest = hashlib.sha256()
    for _ in range(count):
        digest.update(piece)
    name = f"sha256:{digest.hexdigest()}"
    with served(folder, client) as (registry, process):
        before = peak_kilobytes(process.pid)
        upload = registry.path("blobs/uploads/")
        sent = registry.http.post(upload, params={"digest": name}, content=(piece for _ in range(count)))
        received = 0
        with registry.http.stream("GET", registry.path(f"blobs/{name}")) as answer:
            for data in answer.iter_raw():
                received += len(data)
        grown = peak_kilobytes(process.pid) - before

    assert (sent.status_code, received) == (201, count << 20)
    assert grown < 40_000


def peak_kilobytes(process: int | None) -> int:
    with open(f"/proc/{process}/status", encoding="ascii") as status:  # noqa: PTH123  # not a file of a folder
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))

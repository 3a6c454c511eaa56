"""The registry of the local BioT as the OCI distribution specification 1.1 describes it, over a real socket."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from builder.oci import DOCKER_LAYER_GZIP, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, ImageManifest, encode_document
from tests.support.sandbox.pushed_images import RegistryClient, digest_of, small_image
from tests.support.sandbox.settings_client import http_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.support.sandbox.running_sandbox import Sandbox

ABSENT = f"sha256:{'0' * 64}"


def refused(response: httpx.Response) -> tuple[int, str]:
    (error,) = response.json()["errors"]
    assert error.keys() == {"code", "message", "detail"}
    return response.status_code, error["code"]


def test_an_image_comes_back_byte_for_byte_by_tag_and_by_digest(registry: RegistryClient) -> None:
    image = small_image("one")
    registry.push(image, "1.4.0")
    for reference in ("1.4.0", image.digest):
        path = registry.path(f"manifests/{reference}")
        answer, head = registry.http.get(path), registry.http.head(path)
        assert answer.content == image.manifest.content
        assert head.content == b""
        for one in (answer, head):
            assert one.status_code == 200
            assert one.headers["docker-content-digest"] == image.digest
            assert one.headers["content-type"] == OCI_MANIFEST
            assert one.headers["content-length"] == str(len(image.manifest.content))
    for blob in image.blobs:
        path = registry.path(f"blobs/{digest_of(blob)}")
        assert registry.http.get(path).content == blob
        assert registry.http.head(path).headers["content-length"] == str(len(blob))
        assert registry.http.head(path).headers["docker-content-digest"] == digest_of(blob)


def test_ranges_of_a_blob(registry: RegistryClient) -> None:
    data = bytes(range(256)) * 40
    registry.push_blob(data)
    path = registry.path(f"blobs/{digest_of(data)}")
    for text, expected in (("0-0", data[:1]), ("100-199", data[100:200]), ("10000-", data[10000:]), ("-7", data[-7:])):
        answer = registry.http.get(path, headers={"range": f"bytes={text}"})
        assert (answer.status_code, answer.content) == (206, expected)
        assert answer.headers["content-range"].endswith(f"/{len(data)}")
    assert registry.http.get(path, headers={"range": "bytes=99999-"}).status_code == 416


def test_an_upload_in_chunks_says_where_it_is(registry: RegistryClient) -> None:
    data = bytes(range(250)) * 12_000
    start = registry.http.post(registry.path("blobs/uploads/"))
    place = start.headers["location"]
    assert (start.status_code, start.headers["range"]) == (202, "0-0")
    assert start.headers["docker-upload-uuid"] in place
    first = registry.http.patch(place, content=data[:1_000_000], headers={"content-range": "0-999999"})
    assert (first.status_code, first.headers["range"]) == (202, "0-999999")
    late = registry.http.patch(place, content=data[:10], headers={"content-range": "5-14"})
    assert (late.status_code, late.headers["range"], late.headers["location"]) == (416, "0-999999", place)
    status = registry.http.get(place)
    assert (status.status_code, status.headers["range"]) == (204, "0-999999")
    second = registry.http.patch(place, content=iter([data[1_000_000:1_500_000], data[1_500_000:2_000_000]]))
    assert second.headers["range"] == "0-1999999"  # without Content-Range, as docker sends it
    rest = {"content-range": "2000000-2999999"}
    done = registry.http.put(place, params={"digest": digest_of(data)}, content=data[2_000_000:], headers=rest)
    assert (done.status_code, done.headers["docker-content-digest"]) == (201, digest_of(data))
    assert registry.http.get(done.headers["location"]).content == data
    assert refused(registry.http.get(place)) == (404, "BLOB_UPLOAD_UNKNOWN")


def test_refused_uploads(registry: RegistryClient, sandbox: Sandbox) -> None:
    start = registry.path("blobs/uploads/")
    place = registry.http.post(start).headers["location"]
    wrong = {"content-range": "0-4"}
    assert refused(registry.http.patch(place, content=b"four", headers=wrong)) == (400, "SIZE_INVALID")
    assert refused(registry.http.patch(place, content=b"x", headers={"content-range": "all"}))[0] == 400
    assert refused(registry.http.put(place, params={"digest": "sha512:00"}, content=b"")) == (400, "DIGEST_INVALID")
    assert refused(registry.http.put(place, params={"digest": ABSENT}, content=b"x")) == (400, "DIGEST_INVALID")
    assert refused(registry.http.get(place))[0] == 404  # nothing is left of it
    assert refused(registry.http.post(start, params={"digest": ABSENT}, content=b"x")) == (400, "DIGEST_INVALID")
    cancelled = registry.http.post(start).headers["location"]
    assert registry.http.delete(cancelled).status_code == 204
    assert refused(registry.http.patch(cancelled, content=b"x")) == (404, "BLOB_UPLOAD_UNKNOWN")
    assert refused(registry.http.patch(registry.path("blobs/uploads/..%2f..%2fx"), content=b"x"))[0] == 404
    uploads = sandbox.running.state.database.file.with_name("biot.sqlite.images") / "uploads"
    assert list(uploads.glob("*")) == []


def test_a_blob_is_mounted_from_another_repository(registry: RegistryClient) -> None:
    data = b"a layer of a base image"
    registry.push_blob(data, "lambda/python")
    start = registry.path("blobs/uploads/")
    mount = registry.http.post(start, params={"mount": digest_of(data), "from": "lambda/python"})
    assert (mount.status_code, mount.headers["docker-content-digest"]) == (201, digest_of(data))
    assert registry.http.get(registry.path(f"blobs/{digest_of(data)}")).content == data
    for query in ({"mount": ABSENT, "from": "lambda/python"}, {"mount": digest_of(data)}, {"mount": "x", "from": "y"}):
        missed = registry.http.post(start, params=query)
        assert missed.status_code == 202
        assert registry.http.delete(missed.headers["location"]).status_code == 204


def test_refused_manifests(registry: RegistryClient) -> None:
    image = small_image("incomplete")
    assert refused(registry.put_manifest(image.manifest, "x")) == (404, "MANIFEST_BLOB_UNKNOWN")
    registry.push(image, "x")
    path = registry.path("manifests/x")
    for content, kind in ((b"{", OCI_MANIFEST), (b"{}", OCI_MANIFEST), (image.manifest.content, "text/plain")):
        assert refused(registry.http.put(path, content=content, headers={"content-type": kind}))[0] == 400
    assert refused(registry.put_manifest(image.manifest, ABSENT)) == (400, "DIGEST_INVALID")
    assert refused(registry.put_manifest(image.manifest, "-x")) == (400, "TAG_INVALID")
    large = registry.http.put(path, content=b" " * 4_194_305, headers={"content-type": OCI_MANIFEST})
    assert large.status_code == 413
    assert refused(registry.http.get(registry.path("manifests/none"))) == (404, "MANIFEST_UNKNOWN")
    assert refused(registry.http.get(registry.path(f"blobs/{ABSENT}"))) == (404, "BLOB_UNKNOWN")
    assert refused(registry.http.get("/v2/Not_A_Name/tags/list")) == (400, "NAME_INVALID")
    assert refused(registry.http.get("/v2/nothing/here/tags/list")) == (404, "NAME_UNKNOWN")
    assert refused(registry.http.get("/v2/nothing"))[0] == 404
    assert registry.http.get(path).content == image.manifest.content


def test_dockers_media_types_and_indexes(registry: RegistryClient) -> None:
    image = small_image("docker", DOCKER_LAYER_GZIP)
    document = {**json.loads(image.manifest.content), "mediaType": DOCKER_MANIFEST}
    docker = ImageManifest(
        media_type=DOCKER_MANIFEST,
        config=image.manifest.config,
        layers=image.manifest.layers,
        content=encode_document(document),
    )
    for blob in image.blobs:
        registry.push_blob(blob, "bases")
    assert registry.put_manifest(docker, "docker", "bases").status_code == 201
    answer = registry.http.get(registry.path("manifests/docker", "bases"))
    assert (answer.content, answer.headers["content-type"]) == (docker.content, DOCKER_MANIFEST)
    child = {"mediaType": DOCKER_MANIFEST, "digest": digest_of(docker.content), "size": len(docker.content)}
    platform = {"os": "linux", "architecture": "amd64"}
    entries = [{**child, "platform": platform}]
    index = encode_document({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries})
    kind = {"content-type": OCI_INDEX}
    assert registry.http.put(registry.path("manifests/all", "bases"), content=index, headers=kind).status_code == 201
    assert registry.http.get(registry.path("manifests/all", "bases")).content == index
    lost = index.replace(digest_of(docker.content).encode(), ABSENT.encode())
    missing = registry.http.put(registry.path("manifests/lost", "bases"), content=lost, headers=kind)
    assert refused(missing) == (404, "MANIFEST_BLOB_UNKNOWN")


def test_tags_come_in_pages(registry: RegistryClient) -> None:
    image = small_image("pages")
    for tag in ("b", "a", "c"):
        registry.push(image, tag, "pages")
    whole = registry.http.get("/v2/pages/tags/list").json()
    first = registry.http.get("/v2/pages/tags/list", params={"n": 2})
    rest = registry.http.get(first.links["next"]["url"])

    assert whole == {"name": "pages", "tags": ["a", "b", "c"]}
    assert first.json()["tags"] == ["a", "b"]
    assert (rest.json()["tags"], "link" in rest.headers) == (["c"], False)
    assert refused(registry.http.get("/v2/pages/tags/list", params={"n": "x"}))[0] == 400


def test_deleting_a_tag_keeps_the_image_and_deleting_the_image_keeps_shared_blobs(
    registry: RegistryClient, sandbox: Sandbox
) -> None:
    one, two = small_image("first"), small_image("second")
    shared = two.manifest.layers[0]
    both = ImageManifest(
        media_type=OCI_MANIFEST,
        config=one.manifest.config,
        layers=(*one.manifest.layers, shared),
        content=encode_document(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": one.manifest.config.to_document(),
                "layers": [one.manifest.layers[0].to_document(), shared.to_document()],
            }
        ),
    )
    registry.push(one, "one", "shop")
    registry.push(two, "two", "shop")
    assert registry.put_manifest(both, "both", "shop").status_code == 201
    blobs = sandbox.running.state.database.file.with_name("biot.sqlite.images") / "blobs" / "sha256"

    in_use = registry.http.delete(registry.path(f"blobs/{shared.digest}", "shop"))
    assert refused(in_use) == (405, "UNSUPPORTED")
    assert registry.http.delete(registry.path("manifests/one", "shop")).status_code == 202
    assert registry.http.get(registry.path(f"manifests/{one.digest}", "shop")).status_code == 200
    assert registry.http.delete(registry.path(f"manifests/{digest_of(both.content)}", "shop")).status_code == 202
    assert registry.http.get("/v2/shop/tags/list").json()["tags"] == ["two"]
    assert registry.http.get(registry.path(f"blobs/{shared.digest}", "shop")).status_code == 200
    assert registry.http.delete(registry.path(f"manifests/{one.digest}", "shop")).status_code == 202
    assert refused(registry.http.get(registry.path(f"blobs/{digest_of(one.layer)}", "shop")))[0] == 404
    assert not (blobs / digest_of(one.layer).removeprefix("sha256:")).exists()
    assert (blobs / shared.digest.removeprefix("sha256:")).exists()


def test_a_blob_in_two_repositories_is_one_file_until_both_delete_it(
    registry: RegistryClient, sandbox: Sandbox
) -> None:
    data = b"in two repositories"
    for name in ("left", "right"):
        registry.push_blob(data, name)
    file = sandbox.running.state.database.file.with_name("biot.sqlite.images") / "blobs" / "sha256"
    file /= hashlib.sha256(data).hexdigest()
    assert registry.http.delete(registry.path(f"blobs/{digest_of(data)}", "left")).status_code == 202
    assert file.read_bytes() == data
    assert registry.http.delete(registry.path(f"blobs/{digest_of(data)}", "right")).status_code == 202
    assert not file.exists()


@pytest.fixture
def anonymous(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with http_client(sandbox.base_url) as client:
        yield client


def test_only_other_repositories_are_public_and_only_to_read(registry: RegistryClient, anonymous: httpx.Client) -> None:
    image = small_image("public")
    registry.push(image, "1", "lambda/node")
    registry.push(image, "1")

    assert anonymous.get("/v2/lambda/node/manifests/1").content == image.manifest.content
    assert anonymous.get(f"/v2/lambda/node/blobs/{digest_of(image.layer)}").content == image.layer
    for method, path in (
        ("GET", "/v2/"),
        ("GET", registry.path("manifests/1")),
        ("GET", registry.path(f"blobs/{digest_of(image.layer)}")),
        ("GET", registry.path("tags/list")),
        ("POST", "/v2/lambda/node/blobs/uploads/"),
        ("PATCH", "/v2/lambda/node/blobs/uploads/0"),
        ("PUT", "/v2/lambda/node/manifests/1"),
        ("DELETE", "/v2/lambda/node/manifests/1"),
    ):
        answer = anonymous.request(method, path)
        assert refused(answer) == (401, "UNAUTHORIZED")
        assert answer.headers["www-authenticate"].startswith("Basic realm=")
    assert registry.http.get("/v2/").json() == {}
    assert registry.http.get("/v2/", headers={"origin": "http://evil.example"}).status_code == 403

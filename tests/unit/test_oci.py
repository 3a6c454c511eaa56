"""The documents of images: what the specification allows is read, everything else is refused with the key."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder import oci

DIGEST = "sha256:" + "0" * 64
CONFIG = {"mediaType": oci.OCI_CONFIG, "digest": DIGEST, "size": 2}
LAYER = {"mediaType": oci.OCI_LAYER_GZIP, "digest": DIGEST, "size": 3}


def manifest(**changes: object) -> bytes:
    document: dict[str, object] = {
        "schemaVersion": 2,
        "mediaType": oci.OCI_MANIFEST,
        "config": CONFIG,
        "layers": [LAYER],
    }
    return json.dumps({key: value for key, value in {**document, **changes}.items() if value is not None}).encode()


def test_a_written_manifest_is_read_back() -> None:
    config = oci.Descriptor(media_type=oci.OCI_CONFIG, digest=DIGEST, size=2)
    layers = (oci.Descriptor(media_type=oci.OCI_LAYER_GZIP, digest=DIGEST, size=3),)
    written = oci.write_manifest(config, layers)

    assert oci.parse_manifest(written.content) == written
    assert hashlib.sha256(written.content).hexdigest() == hashlib.sha256(manifest_sorted()).hexdigest()


def manifest_sorted() -> bytes:
    return json.dumps(json.loads(manifest()), sort_keys=True, separators=(",", ":")).encode()


def test_dockers_media_type_is_read_too() -> None:
    content = manifest(mediaType=oci.DOCKER_MANIFEST)

    assert oci.parse_manifest(content, oci.DOCKER_MANIFEST).media_type == oci.DOCKER_MANIFEST


def test_an_oci_manifest_may_leave_out_its_media_type() -> None:
    assert oci.parse_manifest(manifest(mediaType=None), oci.OCI_MANIFEST).media_type == oci.OCI_MANIFEST


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a JSON object"),
        (b"[]", "not a JSON object"),
        (b"[" * 100_000, "not a JSON object"),
        (b" " * (oci.MANIFEST_MAX + 1), "at most 4,194,304"),
        (manifest(schemaVersion=1), "schemaVersion 1"),
        (manifest(mediaType=oci.OCI_INDEX), "not the manifest of an image"),
        (manifest(layers={}), "layers is not a list"),
        (manifest(layers=[{**LAYER, "digest": "sha256:../../x"}]), r"layers\[0\]"),
        (manifest(layers=[{**LAYER, "size": -1}]), "no size"),
        (manifest(layers=[{**LAYER, "size": True}]), "no size"),
        (manifest(config=None), "config is not a descriptor"),
        (manifest(config={**CONFIG, "mediaType": 1}), "config has no media type"),
    ],
)
def test_a_wrong_manifest_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(oci.InvalidOciDocumentError, match=message):
        oci.parse_manifest(content)


def test_a_manifest_and_its_sender_must_agree() -> None:
    with pytest.raises(oci.InvalidOciDocumentError, match="not the manifest"):
        oci.parse_manifest(manifest(), oci.DOCKER_MANIFEST)


def test_an_index_names_the_manifest_of_each_platform() -> None:
    entry = {"mediaType": oci.OCI_MANIFEST, "digest": DIGEST, "size": 9}
    platform = {"os": "linux", "architecture": "amd64"}
    content = json.dumps(
        {"schemaVersion": 2, "mediaType": oci.OCI_INDEX, "manifests": [{**entry, "platform": platform}, entry]}
    ).encode()

    first, second = oci.parse_index(content)

    assert (first.operating_system, first.architecture, first.descriptor.size) == ("linux", "amd64", 9)
    assert second.architecture == ""


def test_an_index_without_manifests_is_refused() -> None:
    content = json.dumps({"schemaVersion": 2, "mediaType": oci.OCI_INDEX}).encode()

    with pytest.raises(oci.InvalidOciDocumentError, match="no list of manifests"):
        oci.parse_index(content)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_other_json_raises_nothing_else(value: object) -> None:
    with pytest.raises(oci.InvalidOciDocumentError):
        oci.parse_manifest(json.dumps({"schemaVersion": 2, "mediaType": oci.OCI_MANIFEST, "config": value}).encode())

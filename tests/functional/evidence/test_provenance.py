"""Provenance: a statement that other tools can read, signed with a key, which claims only what it proves."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from builder.errors import PackagingError
from builder.evidence import find_previous_build
from builder.evidence.provenance.signing import load_signer, pre_authentication_encoding
from tests.support.plugins.packaged_evidence import DIGEST, PACKAGES, built

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.serialization import KeySerializationEncryption

PrivateKey = Ed25519PrivateKey | ec.EllipticCurvePrivateKey


def key_file(
    folder: Path,
    key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey,
    encryption: KeySerializationEncryption | None = None,
) -> str:
    folder.mkdir(exist_ok=True)
    file = folder / "key.pem"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()))
    return str(file)


def test_the_statement_lists_inputs_and_outputs(tmp_path: Path) -> None:
    made = built(tmp_path, soup_toml="")
    statement = json.loads(made.text(".provenance.json"))
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    assert statement["subject"] == [{"name": "my-plugin-1.zip", "digest": {"sha256": made.artifact.sha256}}]
    definition, run = statement["predicate"]["buildDefinition"], statement["predicate"]["runDetails"]
    assert definition["externalParameters"]["plugin"]["name"] == "my-plugin"
    assert definition["externalParameters"]["build"]["root"] == "src"
    assert "L1" in definition["internalParameters"]["level"]
    dependencies = {one.get("name") or one["uri"]: one["digest"] for one in definition["resolvedDependencies"]}
    assert {"plugin.toml", "index.py", "plugin/__init__.py", "data/ü.txt"} <= dependencies.keys()
    assert dependencies["pkg:pypi/pkg@1.0"] == {"sha256": DIGEST.removeprefix("sha256:")}
    assert len(dependencies) == 4 + len(PACKAGES)
    assert run["builder"]["id"]
    assert run["metadata"]["startedOn"] <= run["metadata"]["finishedOn"]
    named = {one["name"] for one in run["byproducts"]}
    assert named == {
        f"my-plugin-1{end}" for end in (".report.json", ".cdx.json", ".soup.csv", ".soup.md", ".licenses.txt")
    }


def test_a_key_signs_and_only_its_public_half_verifies(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    made = built(tmp_path / "p", {"BIOT_PLUGIN_SIGNING_KEY": key_file(tmp_path / "key", key)})
    envelope = json.loads(made.text(".provenance.json"))
    payload = base64.b64decode(envelope["payload"])
    assert json.loads(payload)["subject"][0]["digest"] == {"sha256": made.artifact.sha256}
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    key.public_key().verify(signature, pre_authentication_encoding(envelope["payloadType"], payload))
    with pytest.raises(InvalidSignature):
        key.public_key().verify(signature, pre_authentication_encoding(envelope["payloadType"], payload + b" "))


def test_the_encoding_follows_the_dsse_specification() -> None:
    encoded = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world")
    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_an_unsigned_build_is_not_reused_when_a_key_is_set(tmp_path: Path) -> None:
    signer = load_signer(key_file(tmp_path / "key", Ed25519PrivateKey.generate()))
    other = load_signer(key_file(tmp_path / "other", Ed25519PrivateKey.generate()))
    assert signer is not None
    assert other is not None
    plain = built(tmp_path / "p")
    assert find_previous_build(plain.artifact.file, plain.inputs, keyid=signer.keyid) is None
    signed = built(tmp_path / "p", {"BIOT_PLUGIN_SIGNING_KEY": str(tmp_path / "key" / "key.pem")})
    assert signed.inputs == plain.inputs
    assert find_previous_build(signed.artifact.file, signed.inputs, keyid=signer.keyid)
    assert find_previous_build(signed.artifact.file, signed.inputs)
    assert find_previous_build(signed.artifact.file, signed.inputs, keyid=other.keyid) is None


def test_an_unusable_key_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    files = {
        "is not an Ed25519 key": key_file(tmp_path / "a", ec.generate_private_key(ec.SECP256R1())),
        "not a PEM private key": key_file(tmp_path / "b", Ed25519PrivateKey.generate(), BestAvailableEncryption(b"x")),
        "cannot be read": str(tmp_path / "missing.pem"),
    }
    for message, file in files.items():
        with pytest.raises(PackagingError, match=message):
            built(tmp_path / "p", {"BIOT_PLUGIN_SIGNING_KEY": file})
    assert not (tmp_path / "p" / "dist").exists()

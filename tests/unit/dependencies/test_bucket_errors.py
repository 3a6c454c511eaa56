"""Bucket addresses, object names, and the meaning of S3's error responses."""

from __future__ import annotations

import base64
import hashlib

import pytest

from builder.dependencies.store.shared_store import object_name
from builder.network.s3_bucket import (
    BucketAddress,
    BucketErrorKind,
    error_from_exception,
    error_from_response,
)


@pytest.mark.parametrize(
    ("text", "bucket", "prefix"),
    [
        ("s3://packs", "packs", ""),
        ("s3://packs/", "packs", ""),
        ("s3://packs/team/kit", "packs", "team/kit"),
        ("s3://packs/team/kit_1.0/", "packs", "team/kit_1.0"),
        ("s3://my.company-packs/..a/b..", "my.company-packs", "..a/b.."),
    ],
)
def test_valid_bucket_addresses(text: str, bucket: str, prefix: str) -> None:
    address = BucketAddress.parse(text)

    assert (address.bucket, address.prefix) == (bucket, prefix)
    assert str(address) == text.rstrip("/")
    assert address.key("sha256/0") == f"{prefix}/sha256/0".lstrip("/")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "packs",
        "s3:packs",
        "s3://",
        "s3:///team",
        "s3://p",
        "s3://Packs",
        "s3://-packs",
        "s3://packs//team",
        "s3://packs/../team",
        "s3://packs/.",
        "s3://packs/a b",
        "s3://packs/größe",
        "s3://packs/a?b",
        "s3://packs/a%2f",
        "s3://user:secret@packs/a",
        "s3://packs/a\n",
        "https://packs/a",
    ],
)
def test_addresses_with_ambiguous_characters_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="BUCKET/PREFIX"):
        BucketAddress.parse(text)


def test_object_names_are_digests_in_safe_characters() -> None:
    sha512 = hashlib.sha512(b"tarball")
    spelled = "sha512-" + base64.b64encode(sha512.digest()).decode()

    assert object_name(spelled) == f"sha512/{sha512.hexdigest()}"
    assert object_name("sha256:0a") == "sha256/0a"


@pytest.mark.parametrize(
    ("status", "code", "kind", "reason"),
    [
        (404, "NoSuchKey", BucketErrorKind.ABSENT, "there is no such object"),
        (404, "404", BucketErrorKind.PERMANENT, "it responds with 404"),
        (404, "NoSuchBucket", BucketErrorKind.PERMANENT, "the bucket does not exist"),
        (403, "AccessDenied", BucketErrorKind.REFUSED, "AccessDenied"),
        (403, "403", BucketErrorKind.REFUSED, "AccessDenied"),
        (403, "RequestTimeTooSkewed", BucketErrorKind.PERMANENT, "it responds with 403 RequestTimeTooSkewed"),
        (400, "ExpiredToken", BucketErrorKind.PERMANENT, "it responds with 400 ExpiredToken"),
        (429, "SlowDown", BucketErrorKind.TRANSIENT, "it responds with 429 SlowDown"),
        (503, "SlowDown", BucketErrorKind.TRANSIENT, "it responds with 503 SlowDown"),
        (500, "\x1b[31m <b>" + "x" * 99, BucketErrorKind.TRANSIENT, "it responds with 500 31mb" + "x" * 36),
    ],
)
def test_each_error_response_has_a_kind(status: int, code: str, kind: BucketErrorKind, reason: str) -> None:
    error = error_from_response({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}})

    assert (error.kind, error.reason) == (kind, reason)


def test_a_response_without_a_body_is_judged_by_its_status() -> None:
    bare = {"Error": {"Code": "404"}, "ResponseMetadata": {"HTTPStatusCode": 404}}

    assert error_from_response(bare, without_body=True).kind is BucketErrorKind.ABSENT
    assert error_from_response(bare).kind is BucketErrorKind.PERMANENT


def test_an_unknown_exception_is_permanent_and_named() -> None:
    class SomethingNewError(Exception):
        pass

    error = error_from_exception(SomethingNewError)
    assert (error.kind, error.reason) == (BucketErrorKind.PERMANENT, "boto3 failed (SomethingNewError)")

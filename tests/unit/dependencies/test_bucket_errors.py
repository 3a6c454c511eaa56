"""Addresses, names of objects, and what S3's answers mean."""

from __future__ import annotations

import base64
import hashlib

import pytest

from builder.dependencies.store.s3_bucket import (
    BucketAddress,
    BucketErrorKind,
    error_from_exception,
    error_from_response,
)
from builder.dependencies.store.shared_store import object_name


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
def test_addresses_that_every_s3_takes(text: str, bucket: str, prefix: str) -> None:
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
def test_addresses_with_characters_that_could_be_taken_otherwise_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="BUCKET/PREFIX"):
        BucketAddress.parse(text)


def test_objects_are_named_by_their_own_digest_in_safe_characters() -> None:
    sha512 = hashlib.sha512(b"tarball")
    spelled = "sha512-" + base64.b64encode(sha512.digest()).decode()

    assert object_name(spelled) == f"sha512/{sha512.hexdigest()}"
    assert object_name("sha256:0a") == "sha256/0a"


@pytest.mark.parametrize(
    ("status", "code", "kind", "reason"),
    [
        (404, "NoSuchKey", BucketErrorKind.ABSENT, "it is not there"),
        (404, "404", BucketErrorKind.FINAL, "it answers 404"),
        (404, "NoSuchBucket", BucketErrorKind.FINAL, "the bucket does not exist"),
        (403, "AccessDenied", BucketErrorKind.REFUSED, "AccessDenied"),
        (403, "403", BucketErrorKind.REFUSED, "AccessDenied"),
        (403, "RequestTimeTooSkewed", BucketErrorKind.FINAL, "it answers 403 RequestTimeTooSkewed"),
        (400, "ExpiredToken", BucketErrorKind.FINAL, "it answers 400 ExpiredToken"),
        (429, "SlowDown", BucketErrorKind.PASSING, "it answers 429 SlowDown"),
        (503, "SlowDown", BucketErrorKind.PASSING, "it answers 503 SlowDown"),
        (500, "\x1b[31m <b>" + "x" * 99, BucketErrorKind.PASSING, "it answers 500 31mb" + "x" * 36),
    ],
)
def test_what_an_answer_means_for_the_next_try(status: int, code: str, kind: BucketErrorKind, reason: str) -> None:
    error = error_from_response({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}})

    assert (error.kind, error.reason) == (kind, reason)


def test_a_question_whose_answer_has_no_body_takes_the_status_for_it() -> None:
    bare = {"Error": {"Code": "404"}, "ResponseMetadata": {"HTTPStatusCode": 404}}

    assert error_from_response(bare, without_body=True).kind is BucketErrorKind.ABSENT
    assert error_from_response(bare).kind is BucketErrorKind.FINAL


def test_an_unknown_exception_is_told_by_its_name_and_ends_the_asking() -> None:
    class SomethingNewError(Exception):
        pass

    error = error_from_exception(SomethingNewError)
    assert (error.kind, error.reason) == (BucketErrorKind.FINAL, "boto3 gave up (SomethingNewError)")

"""Names of images: as docker reads them, and what is not one."""

from __future__ import annotations

import pytest

from builder.registry import InvalidReferenceError, image_tag, parse_reference

DIGEST = f"sha256:{'0a' * 32}"


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag", "digest"),
    [
        ("python", "docker.io", "library/python", "", ""),
        ("python:3.13", "docker.io", "library/python", "3.13", ""),
        ("acme/python", "docker.io", "acme/python", "", ""),
        ("docker.io/python", "docker.io", "library/python", "", ""),
        ("index.docker.io/acme/python:1", "docker.io", "acme/python", "1", ""),
        ("public.ecr.aws/lambda/python:3.13", "public.ecr.aws", "lambda/python", "3.13", ""),
        ("localhost/a", "localhost", "a", "", ""),
        ("127.0.0.1:5000/a/b:t", "127.0.0.1:5000", "a/b", "t", ""),
        ("[::1]:5000/a", "[::1]:5000", "a", "", ""),
        (f"host.example/a:t@{DIGEST}", "host.example", "a", "t", DIGEST),
        (f"host.example/a@{DIGEST}", "host.example", "a", "", DIGEST),
        ("a__b/c.d-e", "docker.io", "a__b/c.d-e", "", ""),
    ],
)
def test_a_name_is_read_as_docker_reads_it(text: str, registry: str, repository: str, tag: str, digest: str) -> None:
    found = parse_reference(text)

    assert (found.registry, found.repository, found.tag, found.digest) == (registry, repository, tag, digest)
    assert parse_reference(str(found)) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A",
        "/a",
        "a/",
        "a//b",
        "a:",
        "a:.t",
        f"a:{'t' * 129}",
        "a@sha256:12",
        f"a@sha512:{'0' * 64}",
        "https://host.example/a",
        "host.example:0/a",
        "host.example:70000/a",
        "host.example:port/a",
        "user:pass@host.example/a",
        "a b",
        "a\n",
        "host.example/" + "a" * 256,
        "ho_st.example/a",
    ],
)
def test_a_text_that_is_no_name_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidReferenceError, match="is not the name of an image") as raised:
        parse_reference(text)

    assert "public.ecr.aws" in raised.value.hint


def test_only_this_machine_is_reached_without_https() -> None:
    addresses = [
        parse_reference(f"{host}/a").base_url
        for host in ("localhost:1", "127.0.0.1:1", "[::1]:1", "h.io", "192.168.0.1:5000")
    ]

    assert addresses == [
        "http://localhost:1",
        "http://127.0.0.1:1",
        "http://[::1]:1",
        "https://h.io",
        "https://192.168.0.1:5000",
    ]
    assert parse_reference("python").base_url == "https://registry-1.docker.io"


def test_the_tag_follows_from_the_digest() -> None:
    assert image_tag(DIGEST) == "sha-0a0a0a0a0a0a0a0a"
    assert parse_reference(f"a:{image_tag(DIGEST)}").tag == image_tag(DIGEST)


def test_without_tag_and_digest_the_registry_is_asked_for_latest() -> None:
    assert [parse_reference(text).pointer for text in ("a", "a:t", f"a:t@{DIGEST}")] == ["latest", "t", DIGEST]

"""The images that a Dockerfile names, which the evidence of an image lists."""

from __future__ import annotations

import pytest

from builder.image.base_image import UsedImage
from builder.image.dockerfile.dockerfile_instructions import parse_dockerfile
from builder.image.dockerfile.referenced_images import referenced_images

PINNED = f"public.ecr.aws/lambda/python:3.13@sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("dockerfile", "base", "others"),
    [
        ("FROM public.ecr.aws/lambda/python:3.13\nCOPY a b\n", "public.ecr.aws/lambda/python:3.13", []),
        ("FROM --platform=linux/amd64 a:1\n", "a:1", []),
        ("FROM scratch\nCOPY a b\n", "", []),
        ("FROM golang:1 AS build\nFROM a:1\nCOPY --from=build /x /x\n", "a:1", ["golang:1"]),
        ("FROM a:1 AS base\nFROM b:1 as Tools\nFROM base\nCOPY --from=tools /x /x\n", "a:1", ["b:1"]),
        ("FROM a:1\nFROM b:1\nCOPY --from=0 /x /x\n", "b:1", ["a:1"]),
        ("FROM a:1\nCOPY --from=ghcr.io/tools/x:2 /x /x\n", "a:1", ["ghcr.io/tools/x:2"]),
        ("FROM a:1\nRUN --mount=type=bind,from=t:3,target=/t cp /t/x /x\n", "a:1", ["t:3"]),
        ('ARG TAG="3.13"\nARG HOST\nFROM ${HOST:-reg.example}/python:$TAG\n', "reg.example/python:3.13", []),
        (f"FROM {PINNED}\n", PINNED, []),
        ("FROM a:1 AS a\nFROM a AS b\nFROM b\n", "a:1", []),
    ],
)
def test_the_base_is_that_of_the_last_stage(dockerfile: str, base: str, others: list[str]) -> None:
    found = referenced_images(parse_dockerfile(dockerfile))

    assert [one.reference for one in found if one.is_base] == ([base] if base else [])
    assert [one.reference for one in found if not one.is_base] == others


@pytest.mark.parametrize(
    ("reference", "repository", "tag"),
    [
        (PINNED, "public.ecr.aws/lambda/python", "3.13"),
        ("127.0.0.1:5000/lambda/python", "127.0.0.1:5000/lambda/python", ""),
        ("127.0.0.1:5000/lambda/python:3", "127.0.0.1:5000/lambda/python", "3"),
        ("python:3.13", "python", "3.13"),
        ("python", "python", ""),
    ],
)
def test_a_port_is_not_a_tag(reference: str, repository: str, tag: str) -> None:
    image = UsedImage(reference=reference, digest="")

    assert (image.repository, image.tag) == (repository, tag)

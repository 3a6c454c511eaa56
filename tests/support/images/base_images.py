"""A base image that the tests make themselves: one small layer, and a config like that of AWS's images."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from typing import Any

from builder.image.base_image import BaseImage
from builder.oci import DOCKER_CONFIG, DOCKER_LAYER_GZIP, DOCKER_MANIFEST, parse_manifest

REFERENCE = "public.ecr.aws/lambda/python:3.13"
ENTRYPOINT = b'#!/bin/sh\nexec python3 -m awslambdaric "$@"\n'


@dataclass(frozen=True, kw_only=True)
class MadeBase:
    """A base image with the blobs of its config and layers, by digest."""

    image: BaseImage
    blobs: dict[str, bytes] = field(default_factory=dict)


def made_base(
    reference: str = REFERENCE,
    *,
    config: dict[str, Any] | None = None,
    top: dict[str, Any] | None = None,
    layer_type: str = DOCKER_LAYER_GZIP,
    layers: int = 2,
) -> MadeBase:
    """A base image as AWS's registry serves it: Docker's media types, gzip layers, a build time, a host name.

    Args:
        reference: Its name.
        config: Replaces keys of the config's ``config``; None as a value removes one.
        top: Replaces keys of the config itself.
        layer_type: Media type of the layers.
        layers: Number of layers.
    """
    tars = [
        _tar({"lambda-entrypoint.sh": ENTRYPOINT} if not number else {f"opt/{number}": b"x"})
        for number in range(layers)
    ]
    packed = [gzip.compress(tar, mtime=0) for tar in tars]
    settings = {
        "Hostname": "b1946ac92492",
        "Env": ["PATH=/var/lang/bin:/usr/local/bin:/usr/bin/:/bin", "LAMBDA_TASK_ROOT=/var/task"],
        "Cmd": None,
        "WorkingDir": "/var/task",
        "Entrypoint": ["/lambda-entrypoint.sh"],
        **(config or {}),
    }
    document = {
        "architecture": "amd64",
        "os": "linux",
        "created": "2026-11-02T08:15:00.123456789Z",
        "container": "8f3c",
        "docker_version": "25.0.8",
        "history": [{"created": "2026-11-02T08:14:59Z", "created_by": "COPY rootfs / # buildkit"}],
        "config": {key: value for key, value in settings.items() if value is not None},
        "rootfs": {"type": "layers", "diff_ids": [_digest(tar) for tar in tars]},
        **(top or {}),
    }
    content = json.dumps(document, indent=1).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST,
        "config": {"mediaType": DOCKER_CONFIG, "digest": _digest(content), "size": len(content)},
        "layers": [{"mediaType": layer_type, "digest": _digest(blob), "size": len(blob)} for blob in packed],
    }
    image = BaseImage(
        reference=reference, manifest=parse_manifest(json.dumps(manifest, indent=3).encode()), config=content
    )
    return MadeBase(image=image, blobs={_digest(blob): blob for blob in (content, *packed)})


def _tar(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"

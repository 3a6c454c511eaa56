"""A base image in the registry of a local BioT, so that nothing has to be downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.images.base_images import made_base
from tests.support.sandbox.pushed_images import registry_client

if TYPE_CHECKING:
    from tests.support.images.base_images import MadeBase
    from tests.support.sandbox.running_sandbox import Sandbox

REPOSITORY = "lambda/python"
TAG = "3.13"


def push_base(sandbox: Sandbox) -> tuple[str, MadeBase]:
    """Push a base image that is made here, and return its reference and the image."""
    reference = f"{sandbox.base_url.removeprefix('http://')}/{REPOSITORY}:{TAG}"
    base = made_base(reference)
    client = registry_client(sandbox)
    with client.http:
        for blob in base.blobs.values():
            assert client.push_blob(blob, REPOSITORY).status_code == 201
        assert client.put_manifest(base.image.manifest, TAG, REPOSITORY).status_code == 201
    return reference, base

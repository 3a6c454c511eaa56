"""A base image in the registry of a local BioT, so that nothing has to be downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.publishing.state_folder import read_local_biot
from tests.support.images.base_images import made_base
from tests.support.sandbox.pushed_images import registry_client_at
from tests.support.sandbox.settings_client import http_client

if TYPE_CHECKING:
    from builder.publishing.state_folder import StateFolder
    from tests.support.sandbox.running_sandbox import Sandbox

REPOSITORY = "lambda/python"
TAG = "3.13"


def push_base(sandbox: Sandbox) -> str:
    """Push a base image that is made here to a local BioT, and return its reference."""
    return _push_base(sandbox.base_url, sandbox.token())


def push_base_to_local(state: StateFolder, tag: str = TAG) -> str:
    """The same for the local BioT that a state folder knows: one that runs in another process."""
    local = read_local_biot(state)
    assert local is not None
    user = {"id": local.service_user_id, "secretKey": local.service_user_secret_key.reveal()}
    with http_client(local.base_url) as biot:
        token = biot.post("/ums/v2/services/accessToken", json=user).json()["accessToken"]
    return _push_base(local.base_url, token, tag)


def _push_base(base_url: str, token: str, tag: str = TAG) -> str:
    reference = f"{base_url.removeprefix('http://')}/{REPOSITORY}:{tag}"
    base = made_base(reference)
    client = registry_client_at(base_url, token)
    with client.http:
        for blob in base.blobs.values():
            assert client.push_blob(blob, REPOSITORY).status_code == 201
        assert client.put_manifest(base.image.manifest, tag, REPOSITORY).status_code == 201
    return reference

"""Small container images, and a client that pushes them to a local BioT with nothing but HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from builder.oci import OCI_CONFIG, OCI_LAYER_GZIP, Descriptor, ImageManifest, encode_document, write_manifest
from tests.support.sandbox.settings_client import PLUGINS, http_client

if TYPE_CHECKING:
    import httpx

    from tests.support.sandbox.running_sandbox import Sandbox

TOKEN_TARGET = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"


def digest_of(data: bytes) -> str:
    """Return the digest of a blob."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@dataclass(frozen=True, kw_only=True)
class SmallImage:
    """An image with one layer, which need not be a real tar for a registry."""

    config: bytes
    layer: bytes
    manifest: ImageManifest

    @property
    def digest(self) -> str:
        """The digest of its manifest."""
        return digest_of(self.manifest.content)

    @property
    def blobs(self) -> tuple[bytes, bytes]:
        """Its config and its layer."""
        return self.config, self.layer


def small_image(text: str, layer_type: str = OCI_LAYER_GZIP) -> SmallImage:
    """Return an image; another text makes another image."""
    layer = f"a layer with {text}".encode() * 100
    config = encode_document({"architecture": "amd64", "os": "linux", "config": {"Cmd": [text]}, "rootfs": {}})
    layers = (Descriptor(media_type=layer_type, digest=digest_of(layer), size=len(layer)),)
    described = Descriptor(media_type=OCI_CONFIG, digest=digest_of(config), size=len(config))
    return SmallImage(config=config, layer=layer, manifest=write_manifest(described, layers))


@dataclass(frozen=True, kw_only=True)
class RegistryClient:
    """A client of a local BioT's registry, which is logged in.

    Attributes:
        http: Sends requests with the log-in.
        repository: The repository of plugins.
    """

    http: httpx.Client
    repository: str

    def path(self, rest: str, repository: str = "") -> str:
        """Return a path below a repository, such as ``blobs/uploads/``."""
        return f"/v2/{repository or self.repository}/{rest}"

    def push_blob(self, data: bytes, repository: str = "") -> httpx.Response:
        """Send a blob in one request."""
        return self.http.post(self.path("blobs/uploads/", repository), params={"digest": digest_of(data)}, content=data)

    def put_manifest(self, manifest: ImageManifest, reference: str, repository: str = "") -> httpx.Response:
        """Send a manifest."""
        kind = {"content-type": manifest.media_type}
        return self.http.put(self.path(f"manifests/{reference}", repository), content=manifest.content, headers=kind)

    def push(self, image: SmallImage, tag: str, repository: str = "") -> None:
        """Push an image."""
        for blob in image.blobs:
            assert self.push_blob(blob, repository).status_code == 201
        assert self.put_manifest(image.manifest, tag, repository).status_code == 201


def docker_credentials(sandbox: Sandbox) -> dict[str, Any]:
    """Return what ``temp-credentials`` answers."""
    answer = sandbox.call("GET", f"{PLUGINS}/docker-repository/temp-credentials", token=sandbox.token())
    assert answer.status == 200
    document: dict[str, Any] = answer.body
    return document


def token_request(base_url: str, credentials: dict[str, str], region: str) -> dict[str, str]:
    """Return the headers of a signed request for ECR's token (AWS Signature Version 4)."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    signed = {
        "host": urlsplit(base_url).netloc,
        "x-amz-date": moment,
        "x-amz-security-token": credentials["sessionToken"],
        "x-amz-target": TOKEN_TARGET,
    }
    names = ";".join(signed)
    lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
    request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(b'{}').hexdigest()}"
    scope = f"{moment[:8]}/{region}/ecr/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{credentials['secretAccessKey']}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    credential = f"{credentials['accessKeyId']}/{scope}"
    return {
        **signed,
        "content-type": "application/x-amz-json-1.1",
        "authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={key.hex()}",
    }


def registry_client(sandbox: Sandbox) -> RegistryClient:
    """Log in to the registry of a local BioT; close ``http`` at the end."""
    return registry_client_at(sandbox.base_url, sandbox.token())


def registry_client_at(base_url: str, token: str) -> RegistryClient:
    """Log in to the registry at an address, with the access token of somebody who may publish."""
    with http_client(base_url, token) as biot:
        answer = biot.get(f"{PLUGINS}/docker-repository/temp-credentials")
        assert answer.status_code == 200, answer.text
        document = answer.json()
    with http_client(base_url) as ecr:
        headers = token_request(base_url, document["credentials"], document["region"])
        answer = ecr.post("/", content=b"{}", headers=headers)
        assert answer.status_code == 200, answer.text
    (data,) = answer.json()["authorizationData"]
    user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    http = http_client(base_url)
    http.auth = (user, password)
    return RegistryClient(http=http, repository=document["repositoryUri"].partition("/")[2])


def push_tags(sandbox: Sandbox, *tags: str) -> None:
    """Push one small image for each tag, as ``docker push`` would."""
    client = registry_client(sandbox)
    with client.http:
        for tag in tags:
            client.push(small_image(tag), tag)

"""The kit's own client and the registry of a local BioT: temporary credentials, push, and push again."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from builder.image_release import RepositoryLogIn, describe_push, push_to_biot
from builder.network.secret_text import SecretText
from builder.network.verdict import Verdict
from builder.progress import SilentProgress
from builder.publishing.access.access_tokens import FixedToken
from builder.publishing.access.credentials import TokenCredentials
from builder.publishing.api.calls import ApiCalls
from builder.publishing.api.client import BiotClient
from builder.publishing.api.http_transport import HttpTransport
from builder.publishing.api_values import TargetEnvironment
from builder.publishing.clock import SystemClock
from builder.publishing.failures import NoAnswer
from builder.registry import ecr_credentials, image_tag, pull_base
from builder.registry.registry_failures import RegistryAccessDeniedError
from tests.support.sandbox import pushed_images
from tests.support.servers.pushed_images import small_image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.support.sandbox.pushed_images import RegistryClient
    from tests.support.sandbox.running_sandbox import Sandbox


@pytest.fixture
def biot(sandbox: Sandbox) -> Iterator[BiotClient]:
    target = TargetEnvironment(name="local", base_url=sandbox.base_url)
    token = FixedToken(TokenCredentials(token=SecretText(sandbox.token())))
    with BiotClient(ApiCalls(HttpTransport(target, {}), SystemClock()), token) as client:
        yield client


def test_the_kit_pushes_to_a_local_biot_once_and_without_boto3(
    biot: BiotClient, registry: RegistryClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("boto3", "boto3.session", "docker"):
        monkeypatch.setitem(sys.modules, name, None)  # not installed
    image = small_image(tmp_path, own=(20_000_000, 100, 5_000))  # the first is larger than one chunk

    first = push_to_biot(biot, image.image, {}, SilentProgress())
    second = push_to_biot(biot, image.image, {}, SilentProgress())

    tag = image_tag(image.digest)
    assert (first.verdict, first.reference.tag) == (Verdict.DONE, tag)
    assert first.sent_bytes == sum(map(len, image.blobs.values()))
    assert "4 of 4 blobs were missing (20.0 MB)" in describe_push(first)
    assert (second.verdict, second.sent_bytes) == (Verdict.NOTHING_TO_DO, 0)
    assert "was there already" in describe_push(second)
    assert registry.http.get(registry.path(f"manifests/{tag}")).content == image.image.manifest.content
    for digest, content in image.blobs.items():
        assert registry.http.get(registry.path(f"blobs/{digest}")).content == content


def test_boto3_gives_the_kit_the_same_log_in(biot: BiotClient) -> None:
    log_in = RepositoryLogIn(biot, {})
    temporary = log_in.temporary()
    credentials = ecr_credentials(lambda: temporary, {})()

    assert credentials is not None
    assert credentials.username == "AWS"
    assert credentials.password.reveal().startswith(f"{temporary.access_key_id}.")


def test_layers_of_a_base_in_the_same_registry_are_mounted(
    biot: BiotClient, registry: RegistryClient, tmp_path: Path, sandbox: Sandbox
) -> None:
    host = sandbox.base_url.removeprefix("http://")
    image = small_image(tmp_path, own=(300,), base=(4_000, 2_000), base_name=f"{host}/lambda/python", seed=11)
    for digest in image.base:
        assert registry.push_blob(image.blobs[digest], "lambda/python").status_code == 201

    pushed = push_to_biot(biot, image.image, {}, SilentProgress())

    assert {digest for digest, origin in pushed.blobs.items() if origin == "mounted"} == set(image.base)
    for digest, content in image.blobs.items():
        assert registry.http.get(registry.path(f"blobs/{digest}")).content == content


def test_a_base_in_a_public_repository_is_read_without_a_log_in(registry: RegistryClient, sandbox: Sandbox) -> None:
    base = pushed_images.small_image("a base")
    registry.push(base, "3.13", "lambda/python")
    host = sandbox.base_url.removeprefix("http://")

    manifest, config = pull_base(f"{host}/lambda/python:3.13", progress=SilentProgress())

    assert manifest.content == base.manifest.content
    assert config == base.config


class WrongAnswer:
    """A BioT whose answer to ``temp-credentials`` has a changed part."""

    def __init__(self, biot: BiotClient, **changes: str) -> None:
        self._biot, self._changes = biot, changes

    def docker_credentials(self) -> Mapping[str, object]:
        document = dict(self._biot.docker_credentials())
        credentials = document["credentials"]
        assert isinstance(credentials, dict)
        return {**document, "credentials": {**credentials, **self._changes}}


def test_wrong_credentials_and_answers_are_errors_without_the_secrets(biot: BiotClient, sandbox: Sandbox) -> None:
    with pytest.raises(RegistryAccessDeniedError, match="did not accept its own") as refused:
        RepositoryLogIn(WrongAnswer(biot, secretAccessKey="another-key"), {}).credentials()
    with pytest.raises(NoAnswer, match="temporary credentials without sessionToken"):
        RepositoryLogIn(WrongAnswer(biot, sessionToken=""), {}).credentials()

    assert "another-key" not in str(refused.value)
    assert sandbox.base_url in refused.value.message

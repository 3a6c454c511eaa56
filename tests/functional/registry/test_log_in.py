"""Log-in: tokens, stored credentials, Amazon ECR through boto3, and secrets that never appear."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.errors import DependencyError
from builder.network.secret_text import SecretText
from builder.progress import SilentProgress
from builder.registry import (
    ImageReference,
    InvalidTempCredentialsError,
    RegistryCredentials,
    RegistryOptions,
    ecr_credentials,
    parse_temp_credentials,
    pull_base,
    push_image,
)
from builder.registry.registry_failures import RegistryAccessDeniedError
from tests.functional.registry.conftest import right_credentials
from tests.support.servers.image_registry import PASSWORD, USER, Fault, ImageRegistry
from tests.support.servers.pushed_images import small_image, store_image
from tests.support.servers.raw_http import RawServer, reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers.image_registry import Seen

REPOSITORY = Path(__file__).parents[3]
PLANTED = "planted-secret-4f9a1c7e"
DOCUMENT = {
    "credentials": {
        "accessKeyId": "ASIAEXAMPLE",
        "secretAccessKey": PLANTED,
        "sessionToken": f"{PLANTED}-session",
        "expiration": "2026-11-29T02:00:00Z",
    },
    "region": "eu-central-1",
    "repositoryUri": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/plugins",
}


@pytest.fixture
def tokens() -> Iterator[ImageRegistry]:
    with ImageRegistry(log_in="bearer") as running:
        yield running


def test_a_token_that_expires_in_the_middle_is_renewed(
    tokens: ImageRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    image = small_image(tmp_path, own=(200_000,))

    def expire(_: ImageRegistry, __: Seen) -> None:
        tokens.tokens.clear()

    once = iter([Fault(name="expired", before=expire)])
    tokens.interfere = lambda seen: next(once, None) if seen.kind == "PATCH upload" else None
    target = ImageReference(registry=tokens.host, repository="a")

    push_image(image.image, target, credentials=right_credentials, progress=SilentProgress(), options=options)

    assert tokens.repository("a").blobs == image.blobs
    assert sum(seen.kind == "GET token" for seen in tokens.seen) == 2


@pytest.mark.parametrize("kind", ["password", "identity token", "helper"])
def test_what_docker_login_stored_is_used(
    tokens: ImageRegistry, options: RegistryOptions, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_image(tokens.repository("acme/base"), small_image(tmp_path, own=(10,)), "1")
    folder = tmp_path / "docker"
    folder.mkdir()
    pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    config: dict[str, object] = {"auths": {tokens.host: {"auth": pair}}}
    if kind == "identity token":
        config = {"auths": {tokens.host: {"auth": pair, "identitytoken": PASSWORD}}}
    if kind == "helper":
        helper = tmp_path / "docker-credential-planted"
        answer = json.dumps({"Username": USER, "Secret": PASSWORD})
        helper.write_text(f"#!/bin/sh\ncat >/dev/null\necho '{answer}'\n")
        helper.chmod(0o755)
        config = {"credHelpers": {tokens.host: "planted"}}
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    (folder / "config.json").write_text(json.dumps(config))
    named = replace(options, environ={"DOCKER_CONFIG": str(folder), "PATH": os.environ["PATH"]})

    manifest, _ = pull_base(f"{tokens.host}/acme/base:1", progress=SilentProgress(), options=named)

    assert manifest.content
    with pytest.raises(DependencyError, match="anonymous access"):
        pull_base(f"{tokens.host}/acme/base:1", progress=SilentProgress(), options=options)


def test_credentials_go_to_no_token_server_without_https(options: RegistryOptions) -> None:
    challenge = 'WWW-Authenticate: Bearer realm="http://tokens.example/token",service="x"\r\n'
    with RawServer(reply(401, {}, head=challenge)) as server:
        name = f"{server.url.removeprefix('http://')}/a"
        with pytest.raises(DependencyError, match="names no usable server for tokens"):
            pull_base(name, progress=SilentProgress(), options=options)


def test_temporary_credentials_become_the_registrys_password() -> None:
    token = base64.b64encode(f"AWS:{PLANTED}".encode()).decode()
    answer = {"authorizationData": [{"authorizationToken": token, "expiresAt": 1796000000.0, "proxyEndpoint": "x"}]}
    with RawServer(reply(200, answer)) as ecr:
        host = ecr.url.removeprefix("http://")
        temporary = parse_temp_credentials({**DOCUMENT, "repositoryUri": f"{host}/plugins"})
        found = ecr_credentials(lambda: temporary, {})()

        assert found is not None
        assert (found.username, found.password.reveal()) == ("AWS", PLANTED)
        assert found.expires == datetime.fromtimestamp(1796000000, UTC)
        (request,) = ecr.requests
        assert request.headers["x-amz-target"].endswith("GetAuthorizationToken")
        assert "eu-central-1/ecr/aws4_request" in request.headers["authorization"]


def test_refused_temporary_credentials_are_an_error_without_a_secret() -> None:
    with RawServer(reply(400, {"__type": "ExpiredTokenException", "message": PLANTED})) as ecr:
        host = ecr.url.removeprefix("http://")
        temporary = parse_temp_credentials({**DOCUMENT, "repositoryUri": f"{host}/plugins"})
        with pytest.raises(RegistryAccessDeniedError, match="ExpiredTokenException") as raised:
            ecr_credentials(lambda: temporary, {})()

    assert PLANTED not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"region": "us-east-1"}, "which is not the one of"),
        ({"region": "eu-central-1.evil.example"}, "the region"),
        ({"repositoryUri": "plugins"}, "not registry and repository"),
        ({"repositoryUri": "host.example/a:tag"}, "not registry and repository"),
        ({"repositoryUri": "https://host.example/a"}, "not a repository"),
        ({"credentials": {}}, "without accessKeyId"),
    ],
)
def test_answers_of_biot_that_cannot_be_right(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidTempCredentialsError, match=message) as raised:
        parse_temp_credentials({**DOCUMENT, **change})

    assert PLANTED not in str(raised.value)


def test_values_do_not_show_their_secrets() -> None:
    temporary = parse_temp_credentials(DOCUMENT)
    credentials = RegistryCredentials(username="AWS", password=SecretText(PLANTED), identity_token=SecretText(PLANTED))

    assert PLANTED not in repr((temporary, credentials))
    assert "ASIAEXAMPLE" not in repr(temporary)


CODE = """
import sys
from pathlib import Path
from builder.network.secret_text import SecretText
from builder.network.retries import RetryPolicy
from builder.oci import StoredImage, write_manifest
from builder.progress import SilentProgress
from builder.registry import RegistryCredentials, RegistryOptions, parse_reference, push_image
from tests.support.servers.pushed_images import small_image

secret = sys.stdin.read()
image = small_image(Path(sys.argv[2]), own=(1000,))
options = RegistryOptions(retries=RetryPolicy(attempts=2, first_wait=0.0, longest_backoff=0.0))
credentials = RegistryCredentials(username="AWS", password=SecretText(secret))
push_image(image.image, parse_reference(sys.argv[1]), credentials=lambda: credentials, progress=SilentProgress(),
           options=options)
"""


@pytest.mark.parametrize("fault", ["wrong password", "not http", "line break in the password"])
def test_no_traceback_shows_a_secret(registry: ImageRegistry, tmp_path: Path, fault: str) -> None:
    """The exception is not caught, and Python's development mode prints everything that it can."""
    if fault == "not http":
        registry.interfere = lambda seen: (
            Fault(name=fault, send=lambda connection, _: connection.sendall(b"noise\r\n\r\n"))
            if "authorization" in seen.headers
            else None
        )
    secret = f"{PLANTED}\r\nx" if fault.startswith("line") else PLANTED
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", CODE, f"{registry.host}/a", str(tmp_path)],
        cwd=REPOSITORY,
        input=secret,
        capture_output=True,
        text=True,
        check=False,
    )

    basic = base64.b64encode(f"AWS:{secret}".encode()).decode()
    assert done.returncode != 0
    assert "Traceback" in done.stderr
    assert any("authorization" in seen.headers for seen in registry.seen)
    assert [text for text in (PLANTED, basic, basic[8:-8]) if text in done.stdout + done.stderr] == []

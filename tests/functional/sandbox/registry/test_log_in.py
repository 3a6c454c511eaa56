"""Temporary credentials, ECR's token call, and the log-in at the registry: by hand and by boto3."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sandbox.clock import AdjustableClock, SystemClock
from tests.support.sandbox.pushed_images import docker_credentials, registry_client, token_request
from tests.support.sandbox.running_sandbox import running_sandbox
from tests.support.sandbox.settings_client import http_client

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sandbox.running_sandbox import Sandbox


def ecr_client(sandbox: Sandbox, document: dict[str, Any]) -> Any:  # noqa: ANN401  # boto3 has no types
    keys = document["credentials"]
    return boto3.client(
        "ecr",
        region_name=document["region"],
        endpoint_url=sandbox.base_url,
        aws_access_key_id=keys["accessKeyId"],
        aws_secret_access_key=keys["secretAccessKey"],
        aws_session_token=keys["sessionToken"],
    )


def test_boto3_gets_a_password_that_opens_the_registry(sandbox: Sandbox) -> None:
    document = docker_credentials(sandbox)
    (data,) = ecr_client(sandbox, document).get_authorization_token()["authorizationData"]
    user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")

    assert user == "AWS"
    assert data["proxyEndpoint"] == sandbox.base_url
    assert timedelta(minutes=59) < data["expiresAt"] - datetime.now(UTC) <= timedelta(hours=1)
    assert document["repositoryUri"] == f"{sandbox.base_url.removeprefix('http://')}/local-biot/plugins"
    with http_client(sandbox.base_url) as client:
        assert client.get("/v2/", auth=(user, password)).status_code == 200
        for wrong in (("AWS", password[:-1]), ("aws", password), ("AWS", ""), ("AWS", "é"), (user, f"{password}0")):
            assert client.get("/v2/", auth=wrong).status_code == 401
        assert client.get("/v2/", headers={"authorization": "Basic !"}).status_code == 401


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("accessKeyId", "UnrecognizedClientException"),
        ("sessionToken", "UnrecognizedClientException"),
        ("secretAccessKey", "InvalidSignatureException"),
    ],
)
def test_boto3_with_a_wrong_key_is_refused_as_by_aws(sandbox: Sandbox, key: str, name: str) -> None:
    document = docker_credentials(sandbox)
    document["credentials"][key] = document["credentials"][key][:-1] + "0x"[document["credentials"][key][-1] == "0"]
    with pytest.raises(ClientError, match=name):
        ecr_client(sandbox, document).get_authorization_token()


def test_other_calls_of_aws_and_unsigned_ones_are_refused(sandbox: Sandbox) -> None:
    document = docker_credentials(sandbox)
    with pytest.raises(ClientError, match="UnknownOperationException"):
        ecr_client(sandbox, document).describe_repositories()
    headers = token_request(sandbox.base_url, document["credentials"], document["region"])
    del headers["authorization"]
    unsigned = sandbox.call("POST", "/", body=b"{}", headers=headers)
    assert (unsigned.status, unsigned.body["__type"]) == (400, "MissingAuthenticationTokenException")


def test_credentials_and_password_end_after_an_hour(tmp_path: Path) -> None:
    clock = AdjustableClock(SystemClock())
    with running_sandbox(tmp_path, clock=clock) as sandbox:
        document = docker_credentials(sandbox)
        client = registry_client(sandbox)
        with client.http:
            clock.move_to(datetime.now(UTC) + timedelta(minutes=59))
            assert client.http.get("/v2/").status_code == 200
            clock.move_to(datetime.now(UTC) + timedelta(minutes=61))
            assert client.http.get("/v2/").status_code == 401
        with pytest.raises(ClientError, match="ExpiredTokenException"):
            ecr_client(sandbox, document).get_authorization_token()
        docker_credentials(sandbox)
        with sandbox.running.state.database.read() as connection:
            kept = connection.execute("SELECT count(*) FROM registry_credential").fetchone()[0]
        assert kept == 1  # old ones are deleted

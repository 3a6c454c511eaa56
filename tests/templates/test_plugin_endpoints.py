"""The endpoints of published plugins: a local BioT runs their code behind a function URL."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from builder.oci import OCI_CONFIG, OCI_LAYER_GZIP, Descriptor, content_digest, encode_document, write_manifest
from sandbox.functions.service import ServiceSettings
from tests.support.archives.image_layers import BASE_NAME, file, layer
from tests.support.sandbox.pushed_images import SmallImage, registry_client
from tests.support.sandbox.running_sandbox import Sandbox, running_sandbox
from tests.support.sandbox.settings_client import MINIMAL, Settings, settings_of, zipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

CODE = """
import json, os, urllib.request

def handler(event, context):
    if event["rawPath"] == "/fail":
        raise ValueError("a secret reason")
    if event["rawPath"] == "/log-in":
        body = {"id": os.environ["BIOT_SERVICE_USER_ID"], "secretKey": os.environ["BIOT_SERVICE_USER_SECRET_KEY"]}
        url = os.environ["BIOT_BASE_URL"] + "/ums/v2/services/accessToken"
        request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        return {"token": json.load(opener.open(request))["accessToken"][:2]}
    answer = {"event": event, "name": os.environ["BIOT_APP_NAME"], "mine": os.environ["MINE"]}
    return {"statusCode": 201, "headers": {"x-own": "1"}, "cookies": ["a=1"], "body": json.dumps(answer)}
"""
CONFIG = {**MINIMAL, "environmentVariables": {"MINE": "here"}, "cors": {"allowOrigins": ["https://a.example"]}}


@pytest.fixture(scope="module")
def sandbox(functions_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    functions = ServiceSettings(cache=functions_cache, any_python=True)
    with running_sandbox(tmp_path_factory.mktemp("biot"), functions=functions) as running:
        yield running


@pytest.fixture(scope="module")
def settings(sandbox: Sandbox) -> Iterator[Settings]:
    client = settings_of(sandbox)
    with client.http:
        assert client.create(CONFIG, zipped({"index.py": CODE})).status_code == 201
        yield client


@pytest.fixture(scope="module")
def endpoint(settings: Settings) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=settings.get().json()["endpointUrl"], trust_env=False, timeout=60) as client:
        yield client


def test_a_request_reaches_the_handler_and_its_answer_comes_back(endpoint: httpx.Client) -> None:
    response = endpoint.put("/v1/hook?x=1", json={"patient": "ä"}, headers={"traceparent": "00-a-b-00"})

    assert response.status_code == 201
    assert (response.headers["x-own"], response.headers["set-cookie"]) == ("1", "a=1")
    assert response.headers["x-amzn-requestid"]
    answer = response.json()
    assert (answer["name"], answer["mine"]) == ("Age", "here")
    event = answer["event"]
    assert (event["rawPath"], event["rawQueryString"]) == ("/v1/hook", "x=1")
    assert event["requestContext"]["http"]["method"] == "PUT"
    assert event["headers"]["traceparent"] == "00-a-b-00"
    assert json.loads(event["body"]) == {"patient": "ä"}


def test_the_plugin_logs_in_with_its_own_service_user(endpoint: httpx.Client) -> None:
    assert endpoint.post("/log-in").json() == {"token": "ey"}


def test_a_failing_handler_is_a_502_that_reveals_nothing(endpoint: httpx.Client) -> None:
    response = endpoint.post("/fail")

    assert (response.status_code, response.text) == (502, "Internal Server Error")


def test_other_sites_may_call_it_as_its_cors_settings_say(endpoint: httpx.Client) -> None:
    allowed = endpoint.get("/", headers={"origin": "https://a.example"})
    other = endpoint.get("/", headers={"origin": "https://b.example"})

    assert allowed.headers["access-control-allow-origin"] == "https://a.example"
    assert other.status_code == 201
    assert "access-control-allow-origin" not in other.headers


def test_new_code_answers_the_next_call(settings: Settings, endpoint: httpx.Client) -> None:
    changed = settings.patch({"version": 2}, zipped({"index.py": "def handler(event, context): return 'new'\n"}))

    assert changed.status_code == 200
    assert endpoint.get("/").json() == "new"
    settings.patch({"version": 3}, zipped({"index.py": CODE}))


def test_a_disabled_plugin_and_one_without_code_say_why_they_do_not_answer(
    settings: Settings, endpoint: httpx.Client, sandbox: Sandbox
) -> None:
    settings.patch({"enabledState": "DISABLED"})
    disabled = endpoint.get("/")
    settings.patch({"enabledState": "ENABLED"})
    settings.create({**MINIMAL, "name": "empty"}, None)
    empty = sandbox.call("POST", "/run/Plugin-empty/")

    assert (disabled.status_code, disabled.json()["code"]) == (503, "PLUGIN_DISABLED")
    assert (empty.status, empty.body["code"]) == (503, "PLUGIN_NOT_RUNNING")
    assert "has no code" in empty.body["message"]


def test_an_image_runs_without_its_base_image_and_a_new_tag_runs_the_new_code(
    settings: Settings, sandbox: Sandbox
) -> None:
    labels = {BASE_NAME: "public.ecr.aws/lambda/python:3.13"}
    client = registry_client(sandbox)
    with client.http:
        for tag in ("first", "second"):
            code = f"import os\ndef handler(event, context): return [{tag!r}, os.environ['BIOT_APP_NAME']]\n"
            client.push(code_image({"main.py": code}, {"Labels": labels, "Cmd": ["main.handler"]}), tag)
        client.push(code_image({"main.py": ""}, {"Cmd": ["main.handler"]}), "unknown")
    config = {"name": "image", "displayName": "Image", "version": 1, "deploymentPackageType": "IMAGE"}
    assert settings.create({**config, "imageTag": "first"}, None).status_code == 201
    first = sandbox.call("POST", "/run/Plugin-image/")
    assert settings.patch({"version": 2, "imageTag": "second"}, name="Plugin-image").status_code == 200
    second = sandbox.call("POST", "/run/Plugin-image/")
    settings.patch({"version": 3, "imageTag": "unknown"}, name="Plugin-image")
    unknown = sandbox.call("POST", "/run/Plugin-image/")

    assert (first.status, first.body) == (200, ["first", "Image"])
    assert (second.status, second.body) == (200, ["second", "Image"])
    assert (unknown.status, unknown.body["code"]) == (503, "PLUGIN_NOT_RUNNING")
    assert "has no label io.github.biot-plugin-kit.runtime" in unknown.body["message"]


def code_image(code: Mapping[str, str], settings: Mapping[str, object]) -> SmallImage:
    """An image with real code, as it is pushed."""
    content = layer([file(path, text) for path, text in code.items()])
    config = encode_document({"architecture": "amd64", "os": "linux", "config": settings})
    described = Descriptor(media_type=OCI_CONFIG, digest=content_digest(config), size=len(config))
    layers = (Descriptor(media_type=OCI_LAYER_GZIP, digest=content_digest(content), size=len(content)),)
    return SmallImage(config=config, layer=content, manifest=write_manifest(described, layers))

"""``biot-plugin invoke``: the packaged plugin called on this machine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.archives.image_layers import BASE_NAME, LayerMember, file, layer, write_layout
from tests.support.images.image_plugin import image_plugin

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MANIFEST = """\
[plugin]
name = "small"
displayName = "Small"
version = 1
runtime = "python3.13"
timeout = 20
memorySize = 256

[plugin.environmentVariables]
GREETING = "hello"

[plugin.subscriptions]
interceptionOrder = 10
[[plugin.subscriptions.interceptions]]
type = "PRE_REQUEST"
apiId = "POST/organization/v1/users/patients"
[[plugin.subscriptions.notifications]]
entityTypeName = "patient"
actionName = "_create"
"""
HANDLER = """\
import base64, json, os, urllib.request

# interceptor_pre, notification


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def handler(event, context):
    print(os.environ["GREETING"], os.environ["BIOT_APP_NAME"])
    body = json.loads(event["body"])
    if event["headers"].get("hooktype") == "NOTIFICATION":
        return {"statusCode": 200, "body": json.dumps(claims(body["jwt"])["scopes"])}
    if "fail" in json.dumps(body):
        raise ValueError("asked to fail")
    if "refuse" in json.dumps(body):
        return {"statusCode": 403, "body": json.dumps({"code": "NO"})}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    keys = json.load(opener.open(os.environ["BIOT_BASE_URL"] + "/ums/v1/security/public-key"))
    body["request"]["body"]["_email"] = "new@example.com"
    body["request"]["headers"]["x-key"] = keys["publicKey"][:3]
    body["request"]["headers"]["x-scope"] = claims(event["headers"]["authorization"].split()[1])["scopes"][-1]
    return {"request": body["request"]}
"""


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small")
    (folder / "src").mkdir()
    (folder / "plugin.toml").write_text(MANIFEST, "utf-8")
    (folder / "src" / "index.py").write_text(HANDLER, "utf-8")
    (folder / "pyproject.toml").write_text('[project]\nname = "small"\nversion = "1"\n', "utf-8")
    return folder


@pytest.fixture(scope="module")
def invoke(plugin: Path, functions_cache: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(functions_cache.parents[1])}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "builder", "invoke", "--any-python", *arguments]
        return subprocess.run(argv, cwd=plugin, env=environment, capture_output=True, text=True, check=False)

    return run


def test_every_hook_of_the_manifest_is_called_with_a_signed_token(
    invoke: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = invoke("--json")
    document: dict[str, Any] = json.loads(done.stdout)

    assert (done.returncode, document["status"]) == (0, "ok"), done.stderr
    before, notified = document["calls"]
    assert (before["hook"], before["statusCode"], before["log"]) == ("interceptor_pre", 200, ["hello Small"])
    assert sorted((change["kind"], change["path"], change["new"]) for change in before["changes"]) == [
        ("added", "headers.x-key", "MII"),
        ("added", "headers.x-scope", "PLUGIN_INTERCEPTOR"),
        ("changed", "body._email", "new@example.com"),
    ]
    assert "ACTION_NOTIFICATION" in notified["answer"]
    assert not [key for key in (*before, *before["report"]) if not re.fullmatch(r"[a-z]+([A-Z][a-z]*)*", key)]
    assert notified["report"]["initializationMs"] is None, "the environment is still warm"


def test_people_see_the_answer_the_changes_the_log_and_the_report(
    invoke: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = invoke("interceptor_pre", "--data", '{"_email": "old@example.com"}', "--repeat", "3")

    assert done.returncode == 0, done.stderr
    assert "answered with the status 200" in done.stdout
    assert '~ body._email: "old@example.com" -> "new@example.com"' in done.stdout
    assert "    hello Small\n" in done.stdout
    assert "REPORT RequestId: " in done.stdout
    assert "3 calls: median " in done.stdout


def test_the_code_of_an_image_runs_without_its_base_image_and_the_output_says_so(
    plugin: Path, invoke: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    base = layer([LayerMember(name="var/lang/bin/python3.13"), file("index.py", "raise RuntimeError")])
    settings = {"Labels": {BASE_NAME: "public.ecr.aws/lambda/python:3.13"}, "Cmd": ["main.handler"]}
    write_layout(tmp_path / "small.oci", [base, layer([file(".wh.index.py"), file("main.py", HANDLER)])], settings)
    done = invoke("notification", "--artifact", str(tmp_path / "small.oci"))

    assert done.returncode == 0, done.stderr
    assert "answered with the status 200" in done.stdout
    assert "Note: The base image is not run" in done.stdout
    assert "REPORT RequestId: " in done.stdout
    assert not (plugin / "dist" / "small.oci").exists(), "nothing is built"


def test_an_image_plugin_is_built_and_called(tmp_path: Path, functions_cache: Path) -> None:
    made = image_plugin(tmp_path)
    code = "import one.deep.er\n\n\ndef handler(event, context):\n    return one.deep.er.A\n"
    (made.folder / "src" / "index.py").write_text(code)
    places = {"XDG_CACHE_HOME": str(functions_cache.parents[1]), "BIOT_PLUGIN_STORE": str(made.store)}
    argv = [sys.executable, "-m", "builder", "invoke", "http", "--any-python", "--json"]
    environment = {**os.environ, **places}
    done = subprocess.run(argv, cwd=made.folder, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    (call,) = json.loads(done.stdout)["calls"]
    assert (call["statusCode"], call["answer"]) == (200, 1)
    assert (made.folder / "dist" / "sample-1.oci").is_dir()


def test_an_image_on_an_unknown_base_needs_a_runtime_in_plugin_toml(
    plugin: Path, invoke: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    write_layout(tmp_path / "small.oci", [layer([file("index.py", HANDLER)])])
    assert invoke("notification", "--artifact", str(tmp_path / "small.oci")).returncode == 0

    manifest = plugin / "plugin.toml"
    image = 'deploymentPackageType = "IMAGE"\nimageTag = "1"'
    manifest.write_text(MANIFEST.replace('runtime = "python3.13"', image), "utf-8")
    done = invoke("notification", "--artifact", str(tmp_path / "small.oci"))
    manifest.write_text(MANIFEST, "utf-8")

    assert done.returncode == 9
    assert "does not say which runtime it has" in done.stderr


@pytest.mark.parametrize(
    ("data", "code", "text"),
    [
        ('"fail"', 9, "FAILED: ValueError: asked to fail"),
        ('"refuse"', 0, "refused with the status 403"),
    ],
)
def test_a_failure_has_exit_code_9_and_a_refusal_is_an_answer(
    invoke: Callable[..., subprocess.CompletedProcess[str]], data: str, code: int, text: str
) -> None:
    done = invoke("interceptor_pre", "--data", data)

    assert done.returncode == code
    assert text in done.stdout


def test_an_unknown_hook_is_a_usage_error_that_lists_the_others(
    invoke: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = invoke("interceptor")

    assert done.returncode == 2
    assert "interceptor_post_entity, interceptor_pre" in done.stderr

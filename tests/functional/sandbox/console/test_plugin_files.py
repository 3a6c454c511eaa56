"""A plugin that `dev` watches: its page shows where it differs from plugin.toml, and makes both agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.functional.sandbox.console.conftest import Page

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.sandbox.console.conftest import Browser
    from tests.support.sandbox.running_sandbox import Sandbox

TEXT = """\
[plugin]
name = "{name}"
displayName = "Age"
version = 1
runtime = "python3.13"
memorySize = 256   # enough for the model

[plugin.environmentVariables]
LEVEL = "info"
"""


@pytest.fixture
def file(sandbox: Sandbox, browser: Browser, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The plugin.toml of a plugin that agrees with it and that somebody watches."""
    name = request.node.name.replace("_", "-")[:40]
    path = tmp_path / "plugin.toml"
    path.write_text(TEXT.format(name=name))
    fields = {"name": name, "displayName": "Age", "version": "1", "runtime": "python3.13", "memorySize": "256"}
    variables = {"environmentVariables.0.key": "LEVEL", "environmentVariables.0.value": "info"}
    response = browser.send("/plugins/new", {**fields, **variables})
    assert response.status_code == httpx.codes.SEE_OTHER
    watch(sandbox, name, str(path))
    return path


def watch(sandbox: Sandbox, name: str, file: str) -> int:
    body = {"pluginName": name, "file": file}
    return sandbox.call("POST", "/sandbox/v1/watched-files", token=sandbox.token(), body=body).status


def name_of(file: Path) -> str:
    return file.read_text().split('"')[1]


def press(browser: Browser, file: Path, button: str, **changes: str) -> httpx.Response:
    page = browser.get(f"/plugins/{name_of(file)}")
    data = {"formToken": page.fields["formToken"], "digest": page.fields.get("digest", ""), **changes}
    path = f"/console/plugins/{name_of(file)}/file/{button}"
    return browser.client.post(path, data=data, follow_redirects=True)


def plugin_of(sandbox: Sandbox, file: Path) -> dict[str, Any]:
    path = f"/settings/v2/plugins/{name_of(file)}"
    body: dict[str, Any] = sandbox.call("GET", path, token=sandbox.token()).body
    return body


def test_a_plugin_that_agrees_says_so(browser: Browser, file: Path) -> None:
    text = browser.get(f"/plugins/{name_of(file)}").text

    assert "The plugin here and the file agree." in text
    assert str(file) in text


def test_write_to_file_changes_only_what_differs(browser: Browser, file: Path) -> None:
    before = file.read_text()
    browser.send(f"/plugins/{name_of(file)}", {"memorySize": "512", "timeout": "30"})

    page = browser.get(f"/plugins/{name_of(file)}")
    assert (
        "-memorySize = 256 # enough for the model +memorySize = 512 # enough for the model +timeout = 30" in page.text
    )
    response = press(browser, file, "write")

    assert "is written" in Page(response.text).text
    assert "The plugin here and the file agree." in Page(response.text).text
    assert file.read_text() == before.replace(
        "memorySize = 256   # enough for the model", "memorySize = 512   # enough for the model\ntimeout = 30"
    )


def test_discard_gives_the_plugin_the_settings_of_the_file(sandbox: Sandbox, browser: Browser, file: Path) -> None:
    rows = {"notifications.0.entityTypeName": "patient", "notifications.0.actionName": "_create"}
    browser.send(f"/plugins/{name_of(file)}", {"memorySize": "512", "environmentVariables.0.value": "debug", **rows})
    assert plugin_of(sandbox, file)["subscriptions"]["notifications"] != []

    response = press(browser, file, "discard")

    assert "The plugin here and the file agree." in Page(response.text).text
    plugin = plugin_of(sandbox, file)
    assert (plugin["memorySize"], plugin["environmentVariables"]) == (256, {"LEVEL": "info"})
    assert plugin["subscriptions"] == {"interceptions": [], "notifications": []}
    assert file.read_text() == TEXT.format(name=name_of(file))


def test_discard_removes_a_schedule_that_the_file_does_not_have(sandbox: Sandbox, browser: Browser, file: Path) -> None:
    browser.send(f"/plugins/{name_of(file)}", {"cronSchedule": "0 8 * * ? *"})

    press(browser, file, "discard")

    assert "cronSchedule" not in plugin_of(sandbox, file)


def test_a_file_that_changed_meanwhile_is_not_overwritten(browser: Browser, file: Path) -> None:
    browser.send(f"/plugins/{name_of(file)}", {"memorySize": "512"})
    digest = browser.get(f"/plugins/{name_of(file)}").fields["digest"]
    file.write_text(file.read_text().replace("info", "warning"))

    response = press(browser, file, "write", digest=digest)

    assert response.status_code == httpx.codes.CONFLICT
    assert "has changed meanwhile" in Page(response.text).text
    assert "memorySize = 256" in file.read_text()


def test_a_file_with_errors_or_without_text_is_explained(browser: Browser, file: Path) -> None:
    good, name = file.read_text(), name_of(file)
    for text, problem in ((good.replace("256", '"much"'), "Line 6"), ("plugin = [", "plugin.toml")):
        file.write_text(text)
        assert problem in browser.get(f"/plugins/{name}").text
        file.write_text(good)
    file.unlink()

    assert "cannot be read" in browser.get(f"/plugins/{name}").text


def test_a_plugin_that_nobody_watches_shows_no_file(sandbox: Sandbox, browser: Browser, file: Path) -> None:
    watch(sandbox, name_of(file), "")

    assert "plugin.toml" not in browser.get(f"/plugins/{name_of(file)}").text
    response = press(browser, file, "write")
    assert response.status_code == httpx.codes.NOT_FOUND
    assert "biot-plugin dev" in Page(response.text).text


@pytest.mark.parametrize("file_name", ["plugin.toml", "/etc/passwd", "../plugin.toml"])
def test_only_the_absolute_path_of_a_plugin_toml_is_watched(sandbox: Sandbox, file_name: str) -> None:
    assert watch(sandbox, "any", file_name) == httpx.codes.BAD_REQUEST


def test_watching_needs_the_permission_to_publish(sandbox: Sandbox, tmp_path: Path) -> None:
    body = {"pluginName": "any", "file": str(tmp_path / "plugin.toml")}

    assert sandbox.call("POST", "/sandbox/v1/watched-files", body=body).status == httpx.codes.UNAUTHORIZED

"""Save as fixture: the event and its test, in the folder of a plugin that `dev` watches."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.functional.sandbox.console.conftest import Page
from tests.functional.sandbox.console.patient_calls import number_of_newest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.functional.sandbox.console.conftest import Browser
    from tests.support.sandbox.running_sandbox import Sandbox


@pytest.fixture
def folder(sandbox: Sandbox, browser: Browser, tmp_path: Path) -> Iterator[Path]:
    """The folder of a watched plugin without code, for which a call to the plugin is recorded as the newest."""
    (tmp_path / "plugin.toml").write_text('[plugin]\nname = "saver"\n')
    fields = {"name": "saver", "displayName": "Saver", "version": "1", "runtime": "python3.13"}
    row = {"interceptions.0.type": "PRE_REQUEST", "interceptions.0.apiId": "GET/device/v2/devices"}
    assert browser.send("/plugins/new", {**fields, **row}).status_code == httpx.codes.SEE_OTHER
    body = {"pluginName": "saver", "file": str(tmp_path / "plugin.toml")}
    assert sandbox.call("POST", "/sandbox/v1/watched-files", token=sandbox.token(), body=body).status == httpx.codes.OK
    sandbox.call("GET", "/device/v2/devices", token=sandbox.admin_token())
    yield tmp_path
    sandbox.call("POST", "/sandbox/v1/watched-files", token=sandbox.token(), body={"pluginName": "saver"})
    sandbox.call("DELETE", "/settings/v2/plugins/saver", token=sandbox.token())


def save(browser: Browser, **changes: str) -> httpx.Response:
    path = f"/activity/{number_of_newest(browser)}"
    fields = {name: value for name, value in browser.get(path).fields.items() if name in {"formToken", "step", "name"}}
    return browser.client.post(f"/console{path}/event", data={**fields, **changes}, follow_redirects=True)


def with_tests(folder: Path, suffix: str) -> None:
    (folder / "tests" / "support").mkdir(parents=True)
    (folder / "tests" / "support" / f"events{suffix}").touch()


def test_the_event_and_its_test_are_written_and_the_page_says_where(browser: Browser, folder: Path) -> None:
    with_tests(folder, ".py")

    page = Page(save(browser).text)

    event = folder / "events" / "interceptor_pre_device_list.json"
    test = folder / "tests" / "test_interceptor_pre_device_list.py"
    assert f"{event} and {test} are written." in page.text
    assert json.loads(event.read_text())["headers"]["hooktype"] == "INTERCEPTOR_PRE"
    (function,) = (node for node in ast.parse(test.read_text()).body if isinstance(node, ast.FunctionDef))
    assert function.name == "test_interceptor_pre_device_list"
    assert 'events.example("interceptor_pre_device_list")' in test.read_text()


def test_a_file_is_only_replaced_on_request(browser: Browser, folder: Path) -> None:
    save(browser, name="mine")
    event = folder / "events" / "mine.json"
    event.write_text("{}")

    refused = save(browser, name="mine")
    assert refused.status_code == httpx.codes.CONFLICT
    assert f"{event} exists already." in Page(refused.text).text
    assert event.read_text() == "{}"

    assert f"{event} is written." in Page(save(browser, name="mine", replace="true").text).text
    assert event.read_text() != "{}"


def test_a_test_in_javascript_has_the_name_of_the_event(browser: Browser, folder: Path) -> None:
    with_tests(folder, ".js")

    save(browser, name="older-device")

    test = folder / "tests" / "older-device.test.js"
    assert 'handler(events.example("older-device"))' in test.read_text()


@pytest.mark.parametrize("name", ["../outside", "", "a/b", "x" * 81])
def test_a_name_that_is_no_name_of_a_file_writes_nothing(browser: Browser, folder: Path, name: str) -> None:
    response = save(browser, name=name)

    assert response.status_code == httpx.codes.BAD_REQUEST
    assert "is not the name of a file" in Page(response.text).text
    assert not (folder / "events").exists()


def test_a_folder_that_nobody_watches_any_more_is_not_written(sandbox: Sandbox, browser: Browser, folder: Path) -> None:
    path = f"/activity/{number_of_newest(browser)}"
    fields = {"formToken": browser.get(path).fields["formToken"], "step": "1", "name": "late"}
    sandbox.call("POST", "/sandbox/v1/watched-files", token=sandbox.token(), body={"pluginName": "saver"})

    assert any("/event?step=1" in link for link in browser.get(path).links)
    response = browser.client.post(f"/console{path}/event", data=fields)
    assert response.status_code == httpx.codes.NOT_FOUND
    assert not (folder / "events").exists()

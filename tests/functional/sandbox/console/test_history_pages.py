"""History: every change of a plugin, two of them compared, and rolling back with the code."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from sandbox.settings.history.version_table import VERSIONS_MAX
from tests.functional.sandbox.console.conftest import Page

if TYPE_CHECKING:
    from tests.functional.sandbox.console.conftest import Browser
    from tests.support.sandbox.running_sandbox import Sandbox

FIELDS = {"displayName": "Age", "version": "1", "runtime": "python3.13"}


def code(text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("index.py"), f"def handler(event, context):\n    return {text!r}\n")
    return file.getvalue()


def plugin_of(sandbox: Sandbox, name: str) -> dict[str, Any]:
    with sandbox.running.state.database.read() as connection:
        query = "SELECT config, code_sha256 FROM plugins WHERE name = ?"
        row = connection.execute(query, (name,)).fetchone()
    return {**json.loads(row["config"]), "code": row["code_sha256"]}


def numbers(browser: Browser, name: str) -> list[str]:
    return re.findall(r'name="old" value="(\d+)"', browser.get(f"/plugins/{name}/history").html)


def go_back(browser: Browser, name: str, number: str) -> httpx.Response:
    data = {"formToken": browser.get("/plugins/new").fields["formToken"], "number": number}
    return browser.client.post(f"/console/plugins/{name}/history/back", data=data, follow_redirects=True)


@pytest.fixture
def name(browser: Browser, request: pytest.FixtureRequest) -> str:
    """A plugin that was created with one code, got another one, and then more memory."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name).strip("-")[-40:].strip("-")
    browser.send("/plugins/new", {**FIELDS, "name": name, "memorySize": "128"}, code("one"))
    browser.send(f"/plugins/{name}", {"version": "2"}, code("two"))
    browser.send(f"/plugins/{name}", {"memorySize": "512"})
    return name


def test_every_change_is_listed_and_the_last_two_are_compared(browser: Browser, name: str) -> None:
    page = browser.get(f"/plugins/{name}/history")

    assert len(numbers(browser, name)) == 3
    assert "~ memorySize: 128 -> 512" in page.text
    assert browser.get(f"/plugins/{name}").text.count("History") == 1


def test_two_changes_of_choice_are_compared(browser: Browser, name: str) -> None:
    newest, _, oldest = numbers(browser, name)

    text = browser.get(f"/plugins/{name}/history?old={oldest}&new={newest}").text

    assert "~ version: 1 -> 2" in text
    assert "~ code.sha256" in text
    same = browser.get(f"/plugins/{name}/history?old={oldest}&new={oldest}").text
    assert "Nothing has changed." in same


def test_a_plugin_goes_back_to_old_settings_and_old_code(sandbox: Sandbox, browser: Browser, name: str) -> None:
    oldest = numbers(browser, name)[-1]

    response = go_back(browser, name, oldest)

    assert f"is as it was after change {oldest}." in Page(response.text).text
    plugin = plugin_of(sandbox, name)
    assert plugin["code"] == hashlib.sha256(code("one")).hexdigest()
    assert (plugin["memorySize"], plugin["version"]) == (128, 3)
    folder = sandbox.running.state.database.file.with_name("biot.sqlite.code")
    assert (folder / f"{plugin['code']}.zip").read_bytes() == code("one")


def test_going_back_to_settings_alone_leaves_code_and_version(sandbox: Sandbox, browser: Browser, name: str) -> None:
    before = numbers(browser, name)[1]

    go_back(browser, name, before)

    plugin = plugin_of(sandbox, name)
    assert (plugin["memorySize"], plugin["version"]) == (128, 2)
    assert plugin["code"] == hashlib.sha256(code("two")).hexdigest()
    assert len(numbers(browser, name)) == 4


def test_code_that_is_gone_is_explained_and_nothing_changes(sandbox: Sandbox, browser: Browser, name: str) -> None:
    folder = sandbox.running.state.database.file.with_name("biot.sqlite.versions")
    (folder / f"{hashlib.sha256(code('one')).hexdigest()}.zip").unlink()
    before = plugin_of(sandbox, name)

    response = go_back(browser, name, numbers(browser, name)[-1])

    assert response.status_code == httpx.codes.CONFLICT
    assert "The code of version 1 is no longer stored." in Page(response.text).text
    assert plugin_of(sandbox, name) == before


def test_only_the_newest_changes_are_kept_and_none_of_a_deleted_plugin(
    sandbox: Sandbox, browser: Browser, name: str
) -> None:
    for number in range(VERSIONS_MAX + 2):
        token, state = browser.get("/plugins/new").fields["formToken"], ("ENABLED", "DISABLED")[number % 2]
        body = {"formToken": token, "enabledState": state}
        browser.client.post(f"/console/plugins/{name}/state", data=body)
    assert len(numbers(browser, name)) == VERSIONS_MAX

    browser.send(f"/plugins/{name}/delete", {"name": name})

    assert browser.client.get(f"/console/plugins/{name}/history").status_code == httpx.codes.NOT_FOUND
    with sandbox.running.state.database.read() as connection:
        query = "SELECT count(*) FROM plugin_versions WHERE full_name = ?"
        assert connection.execute(query, (f"Plugin-{name}",)).fetchone()[0] == 0


@pytest.mark.parametrize("number", ["0", "999999", "x", "9" * 30])
def test_an_unknown_change_is_explained(browser: Browser, name: str, number: str) -> None:
    response = go_back(browser, name, number)

    assert response.status_code == httpx.codes.NOT_FOUND
    assert "that is still known" in Page(response.text).text

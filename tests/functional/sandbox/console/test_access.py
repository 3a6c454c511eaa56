"""Only a browser that opened the printed address may use the console, and no page of another site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from sandbox.console.page_rendering import SECURITY_HEADERS
from tests.support.sandbox.running_sandbox import running_sandbox
from tests.support.sandbox.settings_client import http_client

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.sandbox.console.conftest import Browser
    from tests.support.sandbox.running_sandbox import Sandbox

PAGES = ("/console", "/console/plugins", "/console/plugins/new", "/console/activity", "/console/activity/live")


@pytest.mark.parametrize("page", PAGES)
def test_nobody_else_gets_a_page(sandbox: Sandbox, page: str) -> None:
    for cookies in ({}, {"localBioT": "x"}, {f"localBioT{sandbox.base_url.rpartition(':')[2]}": "x"}):
        with http_client(sandbox.base_url) as client:
            client.cookies = httpx.Cookies(cookies)
            response = client.get(page)
        assert response.status_code == httpx.codes.FORBIDDEN
        assert "biot-plugin sandbox" in response.text
        assert "form" not in response.headers.get("set-cookie", "")


def test_a_wrong_key_opens_nothing(sandbox: Sandbox) -> None:
    response = httpx.get(f"{sandbox.base_url}/console?key=wrong")

    assert response.status_code == httpx.codes.FORBIDDEN
    assert "set-cookie" not in response.headers


def test_the_cookie_is_kept_from_scripts_and_other_sites(sandbox: Sandbox) -> None:
    cookie = httpx.get(sandbox.running.console_url).headers["set-cookie"].lower()

    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/console" in cookie


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_request_that_another_site_caused_is_refused(browser: Browser, site: str) -> None:
    response = browser.client.get("/console/plugins", headers={"sec-fetch-site": site})

    assert response.status_code == httpx.codes.FORBIDDEN


def test_requests_of_the_page_itself_and_of_the_address_bar_are_answered(browser: Browser) -> None:
    for site in ("same-origin", "none"):
        assert browser.client.get("/console/plugins", headers={"sec-fetch-site": site}).status_code == httpx.codes.OK


@pytest.mark.parametrize("path", ["/plugins/new", "/plugins/a/state", "/plugins/a/delete", "/plugins/a"])
def test_a_form_needs_the_token_of_a_page(browser: Browser, path: str) -> None:
    for fields in ({}, {"formToken": "wrong"}):
        response = browser.client.post(f"/console{path}", data=fields)
        assert response.status_code in {httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND}


def test_a_cookie_is_worth_nothing_after_a_restart(sandbox: Sandbox, tmp_path: Path) -> None:
    old = httpx.get(sandbox.running.console_url).cookies
    with running_sandbox(tmp_path / "other") as other:
        port = other.base_url.rpartition(":")[2]
        stolen = {f"localBioT{port}": next(iter(old.values()))}
        assert httpx.get(f"{other.base_url}/console/plugins", cookies=stolen).status_code == httpx.codes.FORBIDDEN


def test_pages_load_and_run_nothing_from_elsewhere(browser: Browser) -> None:
    for path in ("/plugins", "/plugins/new", "/activity", "/logs"):
        response = browser.client.get(f"/console{path}")
        assert {name: response.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
        for tag, attributes in browser.get(path).elements:
            assert not any(name.startswith("on") or name == "style" for name in attributes), tag
            for name in ("src", "href", "action"):
                target = attributes.get(name) or ""
                assert not target.startswith(("http:", "https:", "//", "javascript:", "data:")), target


def test_everything_that_a_page_loads_is_small_and_asked_for_again_cheaply(browser: Browser) -> None:
    total = 0
    for name in ("console.css", "console.js", "icon.svg"):
        response = browser.client.get(f"/console/assets/{name}")
        total += len(response.content)
        again = browser.client.get(f"/console/assets/{name}", headers={"if-none-match": response.headers["etag"]})
        assert again.status_code == httpx.codes.NOT_MODIFIED
    assert total < 40_000
    assert browser.client.get("/console/assets/../console_access.py").status_code == httpx.codes.NOT_FOUND

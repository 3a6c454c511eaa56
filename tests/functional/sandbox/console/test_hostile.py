"""200 hostile texts in every place, and requests of other sites in every combination: none succeeds."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING

import httpx
import pytest

from sandbox.server import ServerOptions, start
from tests.functional.sandbox.console.conftest import Browser, Page
from tests.support.repetitions import exhaustive_after
from tests.support.sandbox.hostile_text import HOSTILE_TEXTS, record_hostile_activity
from tests.support.sandbox.running_sandbox import running_sandbox
from tests.support.sandbox.settings_client import http_client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.sandbox.running_sandbox import Sandbox

ACTIVE = {"iframe", "object", "embed", "base", "img", "video", "audio", "source", "math", "style", "template"}
PAGES_WITH_TEXT_OF_THE_ADDRESS = (
    *("/plugins?done={}", "/plugins?text={}", "/plugins?sort={}", "/plugins/{}", "/plugins/{}/delete"),
    *("/activity?plugin={}", "/activity?status={}", "/activity?since={}", "/activity?text={}", "/activity/{}"),
    *("/activity/1?from={}", "/activity/1?with={}", "/activity/1/message/{}", "/logs?plugin={}", "/playground?what={}"),
    *("/assets/{}", "/{}", "?key={}"),
)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser at a local BioT that is full of hostile texts."""
    folder = tmp_path_factory.mktemp("hostile")
    record_hostile_activity(folder)
    with running_sandbox(folder) as sandbox, http_client(sandbox.base_url) as client:
        _add_plugins(sandbox)
        client.get(sandbox.running.console_url)
        yield Browser(client)


def _add_plugins(sandbox: Sandbox) -> None:
    """100 plugins, with two texts each in every field that takes any text."""
    with http_client(sandbox.base_url, sandbox.token()) as client:
        for number in range(100):
            text = " ".join(HOSTILE_TEXTS[2 * number : 2 * number + 2])
            config = {
                "name": f"hostile-{number}",
                "displayName": text,
                "version": 1,
                "runtime": "python3.13",
                "environmentVariables": {"TEXT": text},
            }
            files = {"config": (None, json.dumps(config))}
            client.post("/settings/v2/plugins", files=files).raise_for_status()


def assert_harmless(html: str) -> None:
    """The page has no text as it is, no element that loads or runs something, and no attribute that does."""
    assert not [text for text in HOSTILE_TEXTS if text in html or text.strip() in html]
    page = Page(html)
    for tag, attributes in page.elements:
        assert tag not in ACTIVE, tag
        assert tag != "script" or (attributes.get("src") or "").startswith("/console/assets/")
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in {"href", "src", "action", "formaction"} or (value or "").startswith(
                ("/console", "#", "?")
            )


def test_there_are_200_texts_that_begin_an_element() -> None:
    assert len(set(HOSTILE_TEXTS)) == 200
    assert all("<" in text for text in HOSTILE_TEXTS)


@pytest.mark.parametrize("step", exhaustive_after(1, [10, 1]))
def test_every_chain_is_shown_as_text(full: Browser, step: int) -> None:
    for number in range(1, len(HOSTILE_TEXTS) + 1, step):
        html = full.client.get(f"/console/activity/{number}").text
        assert "alert(1)" in html or "attacker" in html
        assert_harmless(html)


@pytest.mark.parametrize("step", exhaustive_after(1, [10, 1]))
def test_every_list_is_shown_as_text(full: Browser, step: int) -> None:
    for path in ("/activity", "/activity?before=151", "/activity?before=101", "/activity?before=51", "/plugins"):
        html = full.client.get(f"/console{path}").text
        assert "alert(1)" in html
        assert_harmless(html)
    for path in ("/logs", "/cron", "/playground", "/plugins/new"):
        assert_harmless(full.client.get(f"/console{path}").text)
    for number in range(0, 100, step):
        assert_harmless(full.client.get(f"/console/plugins/hostile-{number}").text)


def test_live_rows_are_text_and_stay_in_their_events(full: Browser) -> None:
    rows: list[str] = []
    with full.client.stream("GET", "/console/activity/live?after=0", timeout=20) as stream:
        for line in stream.iter_lines():
            assert line == "" or line.startswith(("retry: ", "id: ", "event: chain", "data: <tr data-number=")), line
            rows += [line.removeprefix("data: ")] if line.startswith("data: ") else []
            if len(rows) == len(HOSTILE_TEXTS):
                break

    for row in rows:
        assert_harmless(f"<table>{row}</table>")


@pytest.mark.parametrize("step", exhaustive_after(1, [25, 3]))
@pytest.mark.parametrize("page", PAGES_WITH_TEXT_OF_THE_ADDRESS)
def test_text_of_the_address_is_shown_as_text(full: Browser, page: str, step: int) -> None:
    for text in HOSTILE_TEXTS[:: 2 * step if "activity/1" in page else step]:
        path, _, query = page.partition("?")
        name, _, value = query.partition("=")
        url = httpx.URL(f"/console{path.format(_quoted(text))}", params={name: value.format(text)} if name else {})
        response = full.client.get(url)
        if response.headers.get("content-type", "").startswith("text/html"):
            assert_harmless(response.text)


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def test_messages_and_fixtures_are_never_pages(full: Browser) -> None:
    for number in range(1, len(HOSTILE_TEXTS) + 1, 5):
        for path in ("message/request", "message/1-event", "message/1-answer", "event?step=1"):
            response = full.client.get(f"/console/activity/{number}/{path}")
            assert response.headers["content-type"].split(";")[0] in {"text/plain", "application/json"}
            assert response.headers["x-content-type-options"] == "nosniff"
            assert "default-src 'none'" in response.headers["content-security-policy"]
            assert "\n" not in response.headers.get("content-disposition", "")


def test_only_the_console_itself_can_ask_and_send(browser: Browser, sandbox: Sandbox) -> None:
    port = sandbox.base_url.rpartition(":")[2]
    token = browser.get("/plugins/new").fields["formToken"]
    hosts = (f"127.0.0.1:{port}", f"localhost:{port}", "attacker.example", f"attacker.example:{port}", "127.0.0.1", "")
    origins = (
        None,
        f"http://127.0.0.1:{port}",
        f"http://localhost:{port}",
        "http://attacker.example",
        f"https://127.0.0.1:{port}",
        "null",
    )
    sites = (None, "same-origin", "none", "same-site", "cross-site", "nonsense")
    succeeded = set()
    for host, origin, site in itertools.product(hosts, origins, sites):
        headers = {"host": host} | ({} if origin is None else {"origin": origin})
        headers |= {} if site is None else {"sec-fetch-site": site}
        read = browser.client.get("/console/plugins", headers=headers)
        moved = browser.client.post("/console/cron/clock", headers=headers, data={"formToken": token, "time": "reset"})
        if read.status_code == httpx.codes.OK or moved.status_code < httpx.codes.BAD_REQUEST:
            succeeded.add((host, origin, site))

    own_site = (None, "same-origin", "none")
    assert succeeded == set(itertools.product(hosts[:2], origins[:3], own_site))


def test_a_form_of_another_site_changes_nothing(browser: Browser, sandbox: Sandbox) -> None:
    """It can make the browser send a request, but with neither the cookie (SameSite=Strict) nor the token."""
    token = browser.get("/plugins/new").fields["formToken"]
    for cookie, fields in itertools.product((True, False), ({}, {"formToken": "guessed"}, {"formToken": token})):
        if cookie and fields.get("formToken") == token:
            continue
        cookies = browser.client.cookies if cookie else None
        with http_client(sandbox.base_url) as another:
            another.cookies = httpx.Cookies(cookies)
            for path in ("/plugins/new", "/playground", "/cron/clock", "/activity/1/replay"):
                data = {**fields, "name": "x", "time": "reset"}
                answer = another.post(f"/console{path}", data=data)
                assert answer.status_code == httpx.codes.FORBIDDEN, (path, fields)


def test_a_stolen_cookie_and_the_address_are_worth_nothing_after_a_restart(tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as first:
        cookie = next(iter(httpx.get(first.running.console_url).cookies.values()))
        key = first.running.console_url.partition("?")[2]
    with start(ServerOptions(folder=tmp_path, port=0)) as again:
        for name in (f"localBioT{again.base_url.rpartition(':')[2]}", "localBioT"):
            answer = httpx.get(f"{again.base_url}/console/plugins", cookies={name: cookie})
            assert answer.status_code == httpx.codes.FORBIDDEN
        assert httpx.get(f"{again.base_url}/console?{key}").status_code == httpx.codes.FORBIDDEN

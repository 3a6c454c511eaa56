"""Data: entities are browsed, searched, changed through BioT's API, seeded and exported."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.functional.sandbox.console.conftest import Page

if TYPE_CHECKING:
    from tests.functional.sandbox.console.conftest import Browser
    from tests.support.sandbox.running_sandbox import Sandbox

PATIENTS = "/organization/v1/users/patients"
PATIENT = "/data/patient/00000000-0000-4000-b003-000000000001"


def send(browser: Browser, path: str, **fields: str) -> httpx.Response:
    data = {"formToken": browser.get("/plugins/new").fields["formToken"], **fields}
    return browser.client.post(f"/console{path}", data=data, follow_redirects=True)


def json_of(browser: Browser, path: str) -> dict[str, Any]:
    html = browser.get(path).html
    text = html.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0]
    value: dict[str, Any] = json.loads(text.replace("&#34;", '"').replace("&#39;", "'"))
    return value


def test_every_entity_type_has_its_number(browser: Browser) -> None:
    text = browser.get("/data").text

    assert "registration-code 1" in text
    assert "organization-user 1" in text


def test_entities_are_listed_and_searched(browser: Browser) -> None:
    assert "Paula Synthetic Patient" in browser.get("/data/patient").text
    found = browser.get("/data/patient?text=peter").text
    assert "Peter Synthetic Patient" in found
    assert "Paula" not in found
    assert "biot-plugin trigger command _create" in browser.get("/data/command").text


def test_a_change_is_a_call_of_the_api_that_plugins_see(sandbox: Sandbox, browser: Browser) -> None:
    attributes = json_of(browser, PATIENT)
    assert attributes["_caregiver"].keys() == {"id"}
    changed = {**{name: value for name, value in attributes.items() if name != "_caregiver"}, "_description": "Changed"}

    response = send(browser, PATIENT, json=json.dumps(changed))

    assert "Saved." in Page(response.text).text
    body = sandbox.call("GET", f"{PATIENTS}/{PATIENT.rpartition('/')[2]}", token=sandbox.admin_token()).body
    assert body["_description"] == "Changed"
    assert "_caregiver" not in body
    assert f"PATCH {PATIENTS}/{PATIENT.rpartition('/')[2]}" in browser.get("/activity").text


def test_saving_without_a_change_calls_nothing(browser: Browser) -> None:
    before = browser.get("/activity").text.count("PATCH")

    send(browser, PATIENT, json=json.dumps(json_of(browser, PATIENT)))

    assert browser.get("/activity").text.count("PATCH") == before


def test_an_entity_is_created_and_deleted(sandbox: Sandbox, browser: Browser) -> None:
    attributes = {**json_of(browser, "/data/device/new"), "_id": "made-here", "_description": "New"}

    created = send(browser, "/data/device/new", json=json.dumps(attributes))

    assert "Created." in Page(created.text).text
    assert sandbox.call("GET", "/device/v2/devices/made-here", token=sandbox.admin_token()).status == httpx.codes.OK
    assert "Deleted." in Page(send(browser, "/data/device/made-here/delete").text).text
    response = browser.client.get("/console/data/device/made-here")
    assert response.status_code == httpx.codes.NOT_FOUND


def test_a_child_is_created_below_its_parent(browser: Browser) -> None:
    text = json.dumps({**json_of(browser, "/data/device-alert/new"), "_name": "Alarm", "_severity": "MAJOR"})

    assert "Created." in Page(send(browser, "/data/device-alert/new", parent="synthetic-device-1", json=text).text).text
    refused = send(browser, "/data/device-alert/new", parent="nothing", json=text)
    assert refused.status_code == httpx.codes.BAD_REQUEST
    assert Page(refused.text).fields["parent"] == "nothing"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{\n  "_name": {"firstName": "A"\n', "Line 3: Expecting"),
        ('{\n  "_name": {"firstName": "A", "lastName": "B"},\n  "_email": "not an address"\n}', "Line 3: 400: _email"),
        ("[1]", "Line 1: Write an object"),
        ('{\n  "_surprise": 1\n}', "Line 2: 400"),
    ],
)
def test_a_mistake_has_its_line_and_the_text_stays(browser: Browser, text: str, problem: str) -> None:
    response = send(browser, PATIENT, json=text)

    assert response.status_code == httpx.codes.BAD_REQUEST
    assert problem in Page(response.text).text
    assert " ".join(text.split()) in Page(response.text).text


def test_synthetic_entities_are_created_with_what_they_belong_to(browser: Browser) -> None:
    assert "2 created." in Page(send(browser, "/data/usage-session/seed", count="2").text).text
    assert "usage-session 2" in browser.get("/data").text
    for count in ("0", "51", "many", ""):
        assert send(browser, "/data/patient/seed", count=count).status_code == httpx.codes.BAD_REQUEST


def test_an_export_has_what_the_api_answers(sandbox: Sandbox, browser: Browser) -> None:
    response = browser.client.get("/console/data/caregiver/export")

    assert "attachment" in response.headers["content-disposition"]
    path = "/organization/v1/users/caregivers"
    assert response.json()["caregiver"] == sandbox.call("GET", path, token=sandbox.admin_token()).body["data"]
    assert len(browser.client.get("/console/data/export").json()) == 11


def test_an_unknown_type_or_entity_is_explained(browser: Browser) -> None:
    for path in ("/data/spaceship", "/data/patient/nobody", "/data/spaceship/export"):
        response = browser.client.get(f"/console{path}")
        assert response.status_code == httpx.codes.NOT_FOUND
        assert "There is no" in Page(response.text).text


def test_a_page_after_the_last_is_empty(browser: Browser) -> None:
    assert "There is nothing." in browser.get("/data/patient?page=1000").text
    assert "Paula" in browser.get("/data/patient?page=x").text

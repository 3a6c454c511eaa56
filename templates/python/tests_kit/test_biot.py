"""``context.biot``: calls from the plugin to BioT."""

import time

import pytest

from plugin.biot import Biot
from plugin.errors import BiotError
from plugin.settings import read_settings
from tests.support.fake_biot import SERVICE_TOKEN, FakeBiot, answer, error_answer, search_answer
from tests_kit.performs import PATIENT, PATIENT_ID, PATIENTS

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


def client(biot: FakeBiot, remaining_seconds: float = 30) -> Biot:
    settings = read_settings(biot.environment())
    return Biot(settings=settings, traceparent=TRACEPARENT, remaining_seconds=lambda: remaining_seconds)


def test_a_call_carries_the_service_users_token_and_the_trace_id(biot: FakeBiot) -> None:
    biot.answers[f"GET {PATIENTS}/{PATIENT_ID}"] = PATIENT

    assert client(biot).get(f"{PATIENTS}/{PATIENT_ID}") == PATIENT

    headers = biot.requests[-1].headers
    assert headers["authorization"] == f"Bearer {SERVICE_TOKEN}"
    assert headers["traceparent"] == TRACEPARENT


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_body_is_sent_as_json(biot: FakeBiot, method: str) -> None:
    biot.answers[f"{method} {PATIENTS}"] = {}

    client(biot).request(method, PATIENTS, {"_name": {"firstName": "Zoë"}})

    assert biot.requests[-1].method == method
    assert biot.requests[-1].body == {"_name": {"firstName": "Zoë"}}


def test_delete_sends_no_body(biot: FakeBiot) -> None:
    biot.answers[f"DELETE {PATIENTS}/{PATIENT_ID}"] = None

    assert client(biot).delete(f"{PATIENTS}/{PATIENT_ID}") is None

    assert biot.requests[-1].method == "DELETE"
    assert biot.requests[-1].body is None


def test_a_search_goes_through_all_pages_and_keeps_the_limit(biot: FakeBiot) -> None:
    biot.answers[f"GET {PATIENTS}"] = search_answer([{"_id": "0"}, {"_id": "1"}, {"_id": "2"}])

    found = list(client(biot).search(PATIENTS, {"limit": 2}))

    assert [patient["_id"] for patient in found] == ["0", "1", "2"]
    assert len(biot.requests) == 2


def test_an_error_of_biot_says_which_call_failed_and_how(biot: FakeBiot) -> None:
    biot.answers[f"GET {PATIENTS}/1"] = error_answer(404, "ENTITY_NOT_FOUND")

    with pytest.raises(BiotError, match=f"BioT answered 404 ENTITY_NOT_FOUND to GET {PATIENTS}/1") as caught:
        client(biot).get(f"{PATIENTS}/1", {"searchRequest": "{}"})

    assert (caught.value.status, caught.value.code) == (404, "ENTITY_NOT_FOUND")


def test_a_redirect_is_not_followed(biot: FakeBiot) -> None:
    biot.answers[f"GET {PATIENTS}/1"] = answer(status=302, headers={"location": f"{PATIENTS}/2"})

    with pytest.raises(BiotError, match="BioT answered 302"):
        client(biot).get(f"{PATIENTS}/1")

    assert len(biot.requests) == 1


def test_a_change_is_not_sent_twice_when_the_connection_breaks(biot: FakeBiot) -> None:
    biot.answers[f"GET {PATIENTS}/1"] = {}
    biot.answers[f"PATCH {PATIENTS}/1"] = answer(drop=True)
    client(biot).get(f"{PATIENTS}/1")

    with pytest.raises(ConnectionError):
        client(biot).patch(f"{PATIENTS}/1", {})

    assert len(biot.requests) == 2


def test_a_biot_that_is_not_there_is_a_connection_error() -> None:
    with FakeBiot() as gone:
        pass

    with pytest.raises(ConnectionError, match="POST /ums/v2/services/accessToken failed"):
        client(gone).get(PATIENTS)


def test_a_slow_biot_is_given_up_while_lambda_still_has_time(biot: FakeBiot) -> None:
    biot.behaviour = {"login": "slow"}
    start = time.monotonic()

    with pytest.raises(TimeoutError):
        client(biot, remaining_seconds=1.3).get(PATIENTS)

    assert time.monotonic() - start < 1
    assert biot.counts["login"] == 1


def test_a_late_answer_is_given_up_while_lambda_still_has_time(biot: FakeBiot) -> None:
    biot.answers[f"GET {PATIENTS}/1"] = answer({}, delay_seconds=5)

    with pytest.raises(TimeoutError):
        client(biot, remaining_seconds=1.3).get(f"{PATIENTS}/1")


@pytest.mark.parametrize("path", ["https://example.com/", "@example.com/", ""])
def test_the_token_goes_to_biot_only(biot: FakeBiot, path: str) -> None:
    with pytest.raises(ValueError, match="begins with a slash"):
        client(biot).get(path)

    assert not biot.requests

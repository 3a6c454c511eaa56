"""Which known API a misspelt apiId means; known, newer and own APIs mean nothing else."""

from __future__ import annotations

import pytest

from builder.manifest.rules.api_suggestion import suggest_api
from builder.platform.interceptions import API_IDS
from tests.support.plugins.manifest_texts import PLAIN, problems_of

PATIENTS = "POST/organization/v1/users/patients"
NURSES = "POST/organization/v1/users/caregivers/templates/nurse"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("POST/organization/v1/users/patient", PATIENTS),
        ("POST/organization/v1/users/patience", PATIENTS),
        ("POST/organisation/v1/users/patients", PATIENTS),
        ("POST/organization/v1/user/patients", PATIENTS),
        ("POST/organization/v1/Users/Patients", PATIENTS),
        ("POST/orgnization/v1/users/pateints", PATIENTS),
        ("POST/organization/v1/users/caregiver/templates/nurse", NURSES),
        ("POST/organization/v1/users/caregivers/template/nurse", NURSES),
        ("PATCH/organization/v1/users/patient/{id}", "PATCH/organization/v1/users/patients/{id}"),
        ("POST/device/v1/device/{deviceId}/usage-session", "POST/device/v1/devices/{deviceId}/usage-sessions"),
        ("POST/device/v1/devices/d-17/allerts", "POST/device/v1/devices/d-17/alerts"),
        ("POST/generic-entity/v3/generic-entitys/visit", "POST/generic-entity/v3/generic-entities/visit"),
    ],
)
def test_a_misspelt_api_gets_the_nearest_known_one_with_the_authors_values(written: str, meant: str) -> None:
    assert suggest_api(written) == meant


@pytest.mark.parametrize(
    "api_id",
    [
        *API_IDS,
        NURSES,
        "PATCH/organization/v1/users/patients/11111",
        "PATCH/organization/v1/users/patients/{patientId}",
    ],
)
def test_a_known_api_is_not_misspelt(api_id: str) -> None:
    assert suggest_api(api_id) == ""


@pytest.mark.parametrize(
    "api_id",
    [
        "POST/device/v3/devices",
        "PUT/organization/v1/users/patients/{id}",
        "POST/organization/v1/users/robots",
        "POST/organization/v1/users/patient-alerts",
        "GET/device/v1/devices/{deviceId}/sessions",
        "POST/organization/v1/users/patients/{id}/notes",
        "POST/organization/v1/users/patients/{id}/alerts/{alertId}/acknowledge",
        "GET/measurement/v1/measurements",
        "POST/plugin/v1/age-calculator",
        "GET/" + "/".join(["x" * 100] * 40),
        "POST/" + "organization" * 20_000 + "/v1/users/patients",
    ],
)
def test_newer_and_own_apis_get_no_suggestion(api_id: str) -> None:
    assert suggest_api(api_id) == ""


def test_the_hint_names_the_suggested_api() -> None:
    text = PLAIN + '[[plugin.subscriptions.interceptions]]\ntype = "PRE_REQUEST"\n'
    [problem] = problems_of(text + 'apiId = "POST/organization/v1/users/caregiver/templates/nurse"\n')
    assert problem.hint == f'Did you mean "{NURSES}"?'

from __future__ import annotations

import pytest

from builder.platform.api_catalog import ADAPTABLE_ENTITY_TYPES
from builder.platform.interceptions import API_IDS, INTERCEPTION_TARGETS
from sandbox.intercepted_apis import find_api


def test_every_adaptable_entity_and_every_api_is_listed_once() -> None:
    entities = [item.entity_type_name for item in INTERCEPTION_TARGETS if item.api_id is None]

    assert entities == list(ADAPTABLE_ENTITY_TYPES)
    assert len(set(API_IDS)) == len(API_IDS)


@pytest.mark.parametrize("api_id", API_IDS)
def test_every_generic_api_is_found(api_id: str) -> None:
    api = find_api(api_id)

    assert api is not None
    assert (api.api_id, api.path_filters) == (api_id, {})


@pytest.mark.parametrize(
    ("written", "generic", "filters"),
    [  # the examples of BioT's guide to interceptor plugins
        (
            "POST/organization/v1/users/caregivers/templates/nurse",
            "POST/organization/v1/users/caregivers/templates/{templateName}",
            {"templateName": "nurse"},
        ),
        (
            "POST/generic-entity/v3/generic-entities/thisisthetemplatename",
            "POST/generic-entity/v3/generic-entities/{templateName}",
            {"templateName": "thisisthetemplatename"},
        ),
        ("PATCH/organization/v1/users/patients/11111", "PATCH/organization/v1/users/patients/{id}", {"id": "11111"}),
    ],
)
def test_a_value_in_the_path_becomes_a_path_filter(written: str, generic: str, filters: dict[str, str]) -> None:
    api = find_api(written)

    assert api is not None
    assert (api.api_id, api.path_filters) == (generic, filters)


@pytest.mark.parametrize(
    "api_id",
    [
        "",
        "POST",
        "post/organization/v1/users/patients",
        "POST /organization/v1/users/patients",
        "POST/organization/v1/users/patients/",
        "POST/organization/v1/users/patients?x=1",
        "POST/organization/v1/users/robots",
        "PATCH/organization/v1/users/patients/{other}",
        "PATCH/organization/v1/users/patients/a b",
    ],
)
def test_an_api_outside_the_catalogue_is_not_found(api_id: str) -> None:
    assert find_api(api_id) is None

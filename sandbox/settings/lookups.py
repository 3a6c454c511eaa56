"""Data that a publisher looks up first: possible subscriptions, and credentials of the image repository."""

from __future__ import annotations

import json
import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from builder.platform.api_catalog import ACTIONS_BY_ENTITY
from builder.platform.interceptions import INTERCEPTION_TARGETS
from sandbox.clock import iso
from sandbox.search.filters import SearchProperty
from sandbox.search.search_query import SearchableList, run_search

if TYPE_CHECKING:
    import sqlite3

    from sandbox.instance_state import InstanceState

CREDENTIALS_HOURS = 1
"""How long the credentials are valid, according to BioT's deployment guide."""
REGION = "eu-central-1"
REPOSITORY = "local-biot/plugins"


def _literal(text: str | None) -> str:
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


_ROWS = ", ".join(
    f"({_literal(item.entity_type_name)}, {_literal(item.service_prefix)}, {_literal(item.api_id)})"
    for item in INTERCEPTION_TARGETS
)
INTERCEPTIONS = SearchableList(
    source=f"(WITH catalog (entity, service, api) AS (VALUES {_ROWS}) SELECT * FROM catalog)",  # noqa: S608  # ours
    columns="entity, service, api",
    props={
        "apiId": SearchProperty(column="api"),
        "entityTypeName": SearchProperty(column="entity"),
        "servicePrefix": SearchProperty(column="service"),
    },
    sortable=frozenset({"apiId", "entityTypeName", "servicePrefix"}),
    default_sort="entity",
    key="entity, api",
)
"""The specification's default sort is creationTime, which is not a property here; this list is sorted by entity."""


def search_interceptable_apis(state: InstanceState, request: str | None) -> str:
    """Return a page of what can be intercepted; an entity without ``apiId`` is a target of ADAPT_ENTITY."""
    return run_search(state.database, INTERCEPTIONS, request, _interceptable_api)


def _interceptable_api(row: sqlite3.Row) -> str:
    api = {"apiId": row["api"]} if row["api"] else {}
    return json.dumps({"entityTypeName": row["entity"], "servicePrefix": row["service"], **api})


def list_notifiable_actions() -> dict[str, object]:
    """Return one entry for each entity and action."""
    return {
        "entityTypes": [
            {
                "entityName": entity,
                "entityDisplayName": entity.replace("-", " ").title(),
                "actionName": action,
                "actionDisplayName": re.sub(r"(?<!^)(?=[A-Z])", " ", action.lstrip("_")).capitalize(),
            }
            for entity, actions in ACTIONS_BY_ENTITY.items()
            for action in actions
        ]
    }


def create_docker_credentials(state: InstanceState) -> dict[str, object]:
    """Return credentials in the right format. They open nothing, because the local BioT has no registry."""
    host = state.settings.base_url.partition("://")[2]
    return {
        "credentials": {
            "accessKeyId": f"LOCAL{secrets.token_hex(8).upper()}",
            "secretAccessKey": secrets.token_urlsafe(30),
            "sessionToken": secrets.token_urlsafe(120),
            "expiration": iso(state.clock.now() + timedelta(hours=CREDENTIALS_HOURS)),
        },
        "region": REGION,
        "repositoryUri": f"{host}/{REPOSITORY}",
    }

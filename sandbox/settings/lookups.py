"""Data that a publisher looks up first: possible subscriptions, and credentials of the image repository."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from builder.platform.api_catalog import ACTIONS_BY_ENTITY
from builder.platform.interceptions import INTERCEPTION_TARGETS
from sandbox.clock import iso
from sandbox.registry.push_credentials import issue_credentials
from sandbox.registry.repository_names import PLUGIN_REPOSITORY
from sandbox.search.filters import SearchProperty
from sandbox.search.search_query import SearchableList, run_search

if TYPE_CHECKING:
    import sqlite3

    from sandbox.instance_state import InstanceState

REGION = "eu-central-1"


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
    """Return temporary credentials for the registry of this local BioT, and the repository of plugins in it."""
    with state.database.write() as connection:
        issued = issue_credentials(connection, state.clock.now())
    host = state.settings.base_url.partition("://")[2]
    return {
        "credentials": {
            "accessKeyId": issued.access_key_id,
            "secretAccessKey": issued.secret_access_key,
            "sessionToken": issued.session_token,
            "expiration": iso(issued.expires),
        },
        "region": REGION,
        "repositoryUri": f"{host}/{PLUGIN_REPOSITORY}",
    }

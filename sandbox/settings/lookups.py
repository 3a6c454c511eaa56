"""What a publisher asks before it publishes: what can be subscribed to, which BioT this is, where images go."""

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
from sandbox.search.search_query import SearchableList, envelope, find, parse_search

if TYPE_CHECKING:
    from sandbox.instance_state import InstanceState

CREDENTIALS_HOURS = 1
"""BioT's deployment guide."""
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
"""The specification's default sort, creationTime, is no property here; by entity it is."""


def interceptions(state: InstanceState, request: str | None) -> str:
    """A page of what can be intercepted; an entity without ``apiId`` is a target of ADAPT_ENTITY."""
    asked = parse_search(request, INTERCEPTIONS)
    with state.database.read() as connection:
        found = find(connection, INTERCEPTIONS, asked)
    items = [
        {"entityTypeName": row["entity"], "servicePrefix": row["service"]}
        | ({"apiId": row["api"]} if row["api"] else {})
        for row in found.rows
    ]
    return envelope(map(json.dumps, items), found, asked)


def notifiable_actions() -> dict[str, object]:
    """One line for each entity and action."""
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


def docker_credentials(state: InstanceState) -> dict[str, object]:
    """Credentials in the right form for a registry that is not there: nothing can be done with them."""
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

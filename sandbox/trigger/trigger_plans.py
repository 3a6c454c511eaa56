"""Which operations an action on an entity needs. All but the last one only prepare: no hook follows them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from builder.platform.api_catalog import ACTIONS_BY_ENTITY
from builder.platform.entity_apis import ENTITY_APIS
from sandbox.web.biot_errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.platform.entity_apis import EntityApi, Operation

_PLANS: Mapping[str, tuple[Operation, ...]] = {
    "_create": ("create_by_template",),
    "_update": ("create_by_template", "update"),
    "_delete": ("create_by_template", "delete"),
    "_clear": ("create_by_template", "update"),
    "_updateEnabledState": ("create_by_template", "set_enabled_state"),
    "_updateAdmin": ("change_admin",),
}
_COMMAND_PLANS: Mapping[str, tuple[Operation, ...]] = {
    "_start": ("start_by_template",),
    "_stop": ("start_by_template", "stop"),
    "_delete": ("start_by_template", "stop", "delete"),
}
_SESSION_PLANS: Mapping[str, tuple[Operation, ...]] = {
    **_PLANS,
    "_delete": ("start", "stop", "delete"),
    "_remoteStart": ("start",),
    "_remoteStop": ("start", "stop"),
    "_remotePause": ("start", "pause"),
    "_remoteResume": ("start", "pause", "resume"),
}
CLEARED: Mapping[str, object] = {"_state": "CLEARED"}
"""The update of an alert that BioT reports as ``_clear``."""


def check_names(entity: str, action: str) -> None:
    """Check the names of an entity type and of an action.

    Raises:
        ApiError: 400, there is no such entity type, or it has no such action.
    """
    if entity not in ACTIONS_BY_ENTITY:
        details = {"invalidEntityType": entity, "validEntityTypes": sorted(ACTIONS_BY_ENTITY)}
        message = f"There is no entity type {entity[:100]}. There are {', '.join(sorted(ACTIONS_BY_ENTITY))}."
        raise bad_request(message, "INVALID_ENTITY_TYPE_NAME", details)
    if action not in ACTIONS_BY_ENTITY[entity]:
        valid = ACTIONS_BY_ENTITY[entity]
        message = f"BioT does not notify of {action[:100]} of {entity}. Its actions are {', '.join(valid)}."
        raise bad_request(
            message, "INVALID_ACTION_NAME", {"invalidActionName": action, "validActionNames": list(valid)}
        )


def plan_of(entity: str, action: str) -> tuple[EntityApi, ...]:
    """Return the APIs to call, one after the other; empty when no API causes the action."""
    plans = {"command": _COMMAND_PLANS, "usage-session": _SESSION_PLANS}.get(entity, _PLANS)
    return tuple(_api(entity, operation) for operation in plans.get(action, ()))


def creation_without_template(entity: str) -> EntityApi | None:
    """Return the API that creates an entity with the template in its body; None when there is none."""
    return _apis().get((entity, "create"))


@cache
def _apis() -> Mapping[tuple[str, Operation], EntityApi]:
    first: dict[tuple[str, Operation], EntityApi] = {}
    for api in ENTITY_APIS:
        first.setdefault((api.entity_type_name, api.operation), api)
    return first


def _api(entity: str, operation: Operation) -> EntityApi:
    return _apis()[entity, operation]

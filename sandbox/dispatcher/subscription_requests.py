"""Parse requests to subscribe and check them against BioT's entities, actions and APIs.

Codes and details are those of BioT's OpenAPI specification 2.4.2.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from builder.platform.api_catalog import ACTIONS, ADAPTABLE_ENTITY_TYPES, ENTITY_TYPES
from builder.platform.interceptions import API_IDS
from builder.platform.limits import INTEGER_MAX
from sandbox.dispatcher.subscription_table import InterceptionSubscription, NotificationSubscription
from sandbox.web.biot_errors import ApiError, bad_request
from sandbox.web.request_body import optional_text_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ADAPT_ENTITY = "ADAPT_ENTITY"
TYPES = ("PRE_REQUEST", "POST_REQUEST", ADAPT_ENTITY)


def notification_of(body: Mapping[str, object]) -> NotificationSubscription:
    """Return the notification in the body of a request.

    Raises:
        ApiError: 400, ``INVALID_ENTITY_TYPE_NAME``, ``INVALID_ACTION_NAME``, or something is missing.
    """
    entity, action = text_of(body, "entityTypeName"), text_of(body, "actionName")
    if entity not in ENTITY_TYPES:
        raise _invalid_entity(entity, ENTITY_TYPES)
    if action not in ACTIONS:
        details = {"invalidActionName": action, "validActionNames": list(ACTIONS)}
        message = "There is no action with this name."
        raise bad_request(message, "INVALID_ACTION_NAME", details)
    return NotificationSubscription(
        entity_type_name=entity, action_name=action, template_name=optional_text_of(body, "templateName")
    )


def interception_of(body: Mapping[str, object]) -> InterceptionSubscription:
    """Return the interception in the body of a request.

    BioT's own client always sends ``apiId`` and ``entityName``; the one that does not apply to the type may be any
    text.

    Raises:
        ApiError: 400, ``INVALID_API_ID``, ``INVALID_ENTITY_TYPE_NAME``, or something is missing.
    """
    kind = text_of(body, "type")
    if kind not in TYPES:
        message = f"type must be one of {', '.join(TYPES)}."
        raise bad_request(message)
    for key in ("apiId", "entityName"):
        optional_text_of(body, key)
    if kind == ADAPT_ENTITY:
        entity = text_of(body, "entityName")
        if entity not in ADAPTABLE_ENTITY_TYPES:
            raise _invalid_entity(entity, ADAPTABLE_ENTITY_TYPES)
        return InterceptionSubscription(type=kind, entity_name=entity, order=_order(body))
    api_id = text_of(body, "apiId")
    if api_id not in API_IDS:
        message = "No API with this id can be intercepted. Send values of path parameters in pathFilters."
        raise bad_request(message, "INVALID_API_ID", {"invalidApiId": api_id, "validApiIds": list(API_IDS)})
    return InterceptionSubscription(type=kind, api_id=api_id, path_filters=_filters(body, api_id), order=_order(body))


@contextmanager
def plain_bad_request() -> Iterator[None]:
    """Replace the code of a 400 by BAD_REQUEST: the specification has no other for requests to unsubscribe."""
    try:
        yield
    except ApiError as error:
        raise bad_request(error.message) from error


def _filters(body: Mapping[str, object], api_id: str) -> dict[str, str]:
    filters = body.get("pathFilters")
    if filters is None:
        return {}
    parameters = re.findall(r"\{(\w+)\}", api_id)
    if not isinstance(filters, dict) or not all(isinstance(value, str) and value for value in filters.values()):
        message = "pathFilters must be an object of texts by path parameter."
        raise bad_request(message)
    if not filters.keys() <= set(parameters):
        message = f"pathFilters can only use the path parameters of apiId: {', '.join(parameters) or 'it has none'}."
        raise bad_request(message)
    return filters


def _order(body: Mapping[str, object]) -> int | None:
    order = body.get("executionOrder")
    if order is None:
        return None
    if not isinstance(order, int) or isinstance(order, bool) or not 1 <= order <= INTEGER_MAX:
        message = f"executionOrder must be a whole number from 1 to {INTEGER_MAX}."
        raise bad_request(message)
    return order


def _invalid_entity(entity: str, valid: Sequence[str]) -> ApiError:
    details = {"invalidEntityType": entity, "validEntityTypes": list(valid)}
    return bad_request("There is no such entity type for this subscription.", "INVALID_ENTITY_TYPE_NAME", details)

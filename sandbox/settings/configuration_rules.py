"""The rules of BioT and Lambda for a configuration, with their codes and details."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.manifest.rules.cron_schedule import schedule_problem
from builder.manifest.rules.environment_variables import environment_size
from builder.manifest.rules.subject import table_items
from builder.platform.api_catalog import ACTIONS_BY_ENTITY, ADAPTABLE_ENTITY_TYPES, LIKELY_RESERVED_ORDER
from builder.platform.limits import ENVIRONMENT_VARIABLES_MAX
from builder.platform.reserved_variables import BIOT_PREFIX, KEY_PATTERN, RESERVED_NAMES
from builder.platform.runtimes import RUNTIMES, UNBUILT_RUNTIMES
from sandbox.intercepted_apis import find_api
from sandbox.web.biot_errors import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from sandbox.settings.configuration import ConfiguredPlugin

ADAPT_ENTITY = "ADAPT_ENTITY"
INVALID_PARAMETER = "InvalidParameterValueException"
"""Lambda's error for a value that it does not accept."""


def aws_error(class_name: str, message: str) -> ApiError:
    """Return BioT's error for a refusal of AWS. The AWS error in ``className`` follows our model of Lambda."""
    return ApiError(500, "AWS_EXCEPTION", message, {"className": class_name})


def check_configuration(desired: ConfiguredPlugin, *, today: date, creating: bool) -> None:
    """Check everything that depends on the configuration alone: first BioT's rules, then Lambda's.

    Args:
        desired: The plugin as it will be.
        today: Decides which runtimes can still be used.
        creating: Whether the function is new. An existing one may keep an old runtime for longer.

    Raises:
        ApiError: 400 and 404 of BioT's rules, 500 ``AWS_EXCEPTION`` of Lambda's.
    """
    config = desired.config
    variables = text_values(config.get("environmentVariables"))
    _check_variables(variables)
    subscriptions = config.get("subscriptions")
    if isinstance(subscriptions, dict):
        _check_interceptions(subscriptions)
        _check_notifications(subscriptions)
    if reason := schedule_problem(str(config["cronSchedule"])) if "cronSchedule" in config else "":
        msg = f"cronSchedule: {reason}"
        raise bad_request(msg)
    _check_names(variables)
    if config["runtime"] is not None:
        _check_runtime(str(config["runtime"]), today, creating=creating)


def check_variables_size(variables: Mapping[str, str]) -> None:
    """Check the size of all variables together, including the platform's.

    Raises:
        ApiError: 500 ``AWS_EXCEPTION``, they are larger than Lambda's 4 KB.
    """
    size = environment_size(variables)
    if size > ENVIRONMENT_VARIABLES_MAX:
        message = (
            f"The environment variables, including the platform's, have {size} bytes; "
            f"Lambda allows {ENVIRONMENT_VARIABLES_MAX}."
        )
        raise aws_error(INVALID_PARAMETER, message)


def text_values(value: object) -> dict[str, str]:
    """Return a map of texts; empty for anything that is not a map."""
    return {str(key): str(item) for key, item in value.items()} if isinstance(value, dict) else {}


def _check_variables(variables: Mapping[str, str]) -> None:
    for key, value in variables.items():
        if key.startswith(BIOT_PREFIX):
            details = {"environmentVariable": key, "reservedPrefix": BIOT_PREFIX}
            message = f"Environment variables with the prefix {BIOT_PREFIX} are reserved for the platform."
            raise bad_request(message, "ENVIRONMENT_VARIABLES_CANNOT_START_WITH_RESERVED_PREFIX", details)
        if not key or not value:
            msg = "Names and values of environment variables must not be empty."
            raise bad_request(msg)


def _check_names(variables: Mapping[str, str]) -> None:
    for key in variables:
        if key in RESERVED_NAMES or not re.fullmatch(KEY_PATTERN, key):
            message = f"Lambda does not allow an environment variable named {key}."
            raise aws_error(INVALID_PARAMETER, message)


def _check_interceptions(subscriptions: Mapping[str, object]) -> None:
    _check_order(subscriptions.get("interceptionOrder"))
    for _, row in table_items(subscriptions, "interceptions"):
        _check_order(row.get("order"))
        _check_target(str(row["type"]), row.get("apiId"), row.get("entityTypeName"))


def _check_order(order: object) -> None:
    if order == LIKELY_RESERVED_ORDER:
        details = {"order": order, "reservedOrder": LIKELY_RESERVED_ORDER}
        message = f"The order {LIKELY_RESERVED_ORDER} is reserved."
        raise bad_request(message, "INTERCEPTION_ORDER_CANNOT_BE_RESERVED_ORDER", details)


def _check_target(kind: str, api_id: object, entity: object) -> None:
    if (kind == ADAPT_ENTITY) != (api_id is None):
        correct = "null" if kind == ADAPT_ENTITY else "not null"
        details = {"type": kind, "correctValue": correct, "apiId": api_id}
        message = f"For {kind}, apiId must be {correct}."
        raise bad_request(message, "INTERCEPTION_MUST_HAVE_CORRECT_API_ID_NULL_VALUE_FOR_TYPE", details)
    if kind != ADAPT_ENTITY and not find_api(str(api_id)):
        raise _not_found(field="apiId", value=api_id)
    if (entity is not None or kind == ADAPT_ENTITY) and entity not in ADAPTABLE_ENTITY_TYPES:
        raise _not_found(field="entityTypeName", value=entity)


def _not_found(*, field: str, value: object) -> ApiError:
    message = f"{field} {value} cannot be intercepted; GET /settings/v1/interceptions lists what can."
    return ApiError(404, "INTERCEPTION_CONFIGURATION_NOT_FOUND", message, {"value": value, "fieldName": field})


def _check_notifications(subscriptions: Mapping[str, object]) -> None:
    """Check the notifications, with the codes of the dispatcher, where BioT's settings service subscribes."""
    for _, row in table_items(subscriptions, "notifications"):
        entity, action = str(row["entityTypeName"]), str(row["actionName"])
        if entity not in ACTIONS_BY_ENTITY:
            details: dict[str, object] = {"invalidEntityType": entity, "validEntityTypes": list(ACTIONS_BY_ENTITY)}
            message = f"There is no entity type {entity}."
            raise bad_request(message, "INVALID_ENTITY_TYPE_NAME", details)
        if action not in ACTIONS_BY_ENTITY[entity]:
            actions = list(ACTIONS_BY_ENTITY[entity])
            details = {"invalidActionName": action, "validActionNames": actions}
            msg = f"{entity} has no action {action}."
            raise bad_request(msg, "INVALID_ACTION_NAME", details)


def _check_runtime(name: str, today: date, *, creating: bool) -> None:
    runtime = RUNTIMES.get(name) or UNBUILT_RUNTIMES.get(name)
    if runtime is None:
        msg = f"The runtime must be one of {', '.join([*RUNTIMES, *UNBUILT_RUNTIMES])}."
        raise bad_request(msg)
    blocked = runtime.create_blocked if creating else runtime.update_blocked
    if today >= blocked:
        message = f"AWS has not accepted the runtime {name} since {blocked}."
        raise aws_error(INVALID_PARAMETER, message)

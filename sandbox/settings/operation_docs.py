"""The settings service's operations for ``/openapi.json``, with the codes of BioT OpenAPI specification 2.4.2."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from builder.platform.api_catalog import ACTIONS_BY_ENTITY, ADAPTABLE_ENTITY_TYPES, LIKELY_RESERVED_ORDER
from builder.platform.limits import INTEGER_MAX
from builder.platform.reserved_variables import BIOT_PREFIX, KEY_PATTERN
from builder.platform.runtimes import RUNTIMES, UNBUILT_RUNTIMES
from sandbox.api_description import HEALTH, MOMENT, TEXT, Operation, nullable, object_schema, page_of
from sandbox.intercepted_apis import api_id_pattern
from sandbox.settings.configuration_rules import ADAPT_ENTITY
from sandbox.settings.lookups import INTERCEPTIONS
from sandbox.settings.plugin_operations import PLUGINS
from sandbox.settings.plugin_schema import SUBSCRIPTIONS_MAX, create_request, plugin_response, update_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.api_description import Schema

_PLUGINS, _PLUGIN = "/settings/v2/plugins", "/settings/v2/plugins/{name}"
_NAME: Mapping[str, Schema] = {"name": {"type": "string", "pattern": "^[a-zA-Z0-9_-]+$", "maxLength": 64}}
_REPOSITORY = "SETTINGS_PLUGIN_GET_DOCKER_REPOSITORY_TEMP_CREDENTIALS"
_API_ID: Schema = {"type": "string", "pattern": api_id_pattern()}
_NOT_FOUND = {404: ("PLUGIN_NOT_FOUND", "NOT_FOUND")}
_WRITE_400 = (
    "ENVIRONMENT_VARIABLES_CANNOT_START_WITH_RESERVED_PREFIX",
    "INTERCEPTION_MUST_HAVE_CORRECT_API_ID_NULL_VALUE_FOR_TYPE",
    "INTERCEPTION_ORDER_CANNOT_BE_RESERVED_ORDER",
    "PLUGIN_CODE_IS_NOT_SUPPORTED_FOR_IMAGE_DEPLOYMENT_PACKAGE_TYPE",
    "INVALID_ACTION_NAME",
    "INVALID_ENTITY_TYPE_NAME",
)
_UPDATE_400 = (
    *_WRITE_400,
    "PLUGIN_REQUEST_VALIDATION_FAILED",
    "PLUGIN_VERSION_MUST_BE_LARGER_WHEN_UPDATING_CODE",
    "PLUGIN_VERSION_MUST_NOT_BE_CHANGED_WHEN_NOT_UPDATING_CODE",
)
_WRITE_404 = ("INTERCEPTION_CONFIGURATION_NOT_FOUND", "PLUGIN_IMAGE_TAG_NOT_FOUND")
_UPDATE_ERRORS = {400: _UPDATE_400, 404: (*_NOT_FOUND[404], *_WRITE_404), 500: ("AWS_EXCEPTION",)}


def _form(config: Schema) -> Schema:
    """Return the schema of the form, with those of the ``configuration_rules`` that a schema can express.

    The document must not allow more than the local BioT accepts.
    """
    documented = deepcopy(config)
    fields = documented["properties"]
    fields["runtime"] = nullable({"enum": [*RUNTIMES, *UNBUILT_RUNTIMES]})
    fields["environmentVariables"] = nullable(
        {
            "type": "object",
            "propertyNames": {"pattern": f"^(?!{BIOT_PREFIX}){KEY_PATTERN}$"},
            "additionalProperties": TEXT,
        }
    )
    subscriptions = fields["subscriptions"]["properties"]
    order = {"type": ["integer", "null"], "minimum": LIKELY_RESERVED_ORDER + 1, "maximum": INTEGER_MAX}
    subscriptions["interceptionOrder"] = order
    subscriptions["interceptions"] = nullable(_list_of(_interception(order)))
    subscriptions["notifications"] = nullable(_list_of({"anyOf": _notifications()}))
    return _parts({"anyOf": _package_types(documented)} if config["required"] else documented)


def _package_types(config: Schema) -> list[Schema]:
    """Return the alternatives: ZIP with a runtime; IMAGE with a tag, or with a runtime for its seed image."""
    runtime: Schema = {"enum": [*RUNTIMES, *UNBUILT_RUNTIMES]}
    tag = {key: value for key, value in config["properties"]["imageTag"].items() if key != "type"} | {"type": "string"}
    return [
        _package_type(config, {"deploymentPackageType": {"enum": ["ZIP", None]}, "runtime": runtime}, ["runtime"]),
        _package_type(
            config,
            {"deploymentPackageType": {"const": "IMAGE"}, "runtime": runtime},
            ["deploymentPackageType", "runtime"],
        ),
        _package_type(
            config,
            {"deploymentPackageType": {"const": "IMAGE"}, "imageTag": tag},
            ["deploymentPackageType", "imageTag"],
        ),
    ]


def _package_type(config: Schema, fields: Mapping[str, Schema], required: list[str]) -> Schema:
    return {
        **config,
        "required": [*config["required"], *required],
        "properties": {**config["properties"], **fields},
    }


def _list_of(item: Schema) -> Schema:
    return {"type": "array", "items": item, "maxItems": SUBSCRIPTIONS_MAX}


def _interception(order: Schema) -> Schema:
    entity: Schema = {"enum": list(ADAPTABLE_ENTITY_TYPES)}
    of_api = {"type": {"enum": ["PRE_REQUEST", "POST_REQUEST"]}, "apiId": _API_ID, "entityTypeName": nullable(entity)}
    of_entity = {"type": {"const": ADAPT_ENTITY}, "apiId": {"type": "null"}, "entityTypeName": entity}
    return {
        "anyOf": [
            object_schema({**of_api, "order": order}, optional=["entityTypeName", "order"]),
            object_schema({**of_entity, "order": order}, optional=["apiId", "order"]),
        ]
    }


def _notifications() -> list[Schema]:
    return [
        object_schema(
            {
                "entityTypeName": {"const": entity},
                "actionName": {"enum": list(actions)},
                "templateName": {"type": ["string", "null"], "minLength": 1, "maxLength": 255},
            },
            optional=["templateName"],
        )
        for entity, actions in ACTIONS_BY_ENTITY.items()
    ]


def _parts(config: Schema) -> Schema:
    return object_schema({"config": config, "code": {"type": "string", "format": "binary"}}, optional=["code"])


_PLUGIN_OPERATIONS = (
    Operation(
        method="get",
        path=_PLUGINS,
        name="search",
        summary="Search plugins.",
        permission="SETTINGS_PLUGIN_SEARCH",
        search=PLUGINS,
        response=page_of(plugin_response()),
    ),
    Operation(
        method="post",
        path=_PLUGINS,
        name="create",
        summary="Create a plugin with its service user, endpoint and subscriptions.",
        permission="SETTINGS_PLUGIN_CREATE",
        body=_form(create_request()),
        form=True,
        status=201,
        response=plugin_response(),
        errors={
            400: _WRITE_400,
            404: _WRITE_404,
            409: ("PLUGIN_EXISTS_BY_NAME", "SERVICE_NAME_ALREADY_EXISTS"),
            500: ("AWS_EXCEPTION",),
        },
    ),
    Operation(
        method="get",
        path=_PLUGIN,
        name="get",
        summary="Return a plugin.",
        permission="SETTINGS_PLUGIN_GET",
        parameters=_NAME,
        response=plugin_response(),
        errors=_NOT_FOUND,
    ),
    Operation(
        method="patch",
        path=_PLUGIN,
        name="partialUpdate",
        summary="Change the fields that are sent.",
        permission="SETTINGS_PLUGIN_UPDATE",
        parameters=_NAME,
        body=_form(update_request()),
        form=True,
        response=plugin_response(),
        errors=_UPDATE_ERRORS,
    ),
    Operation(
        method="put",
        path=_PLUGIN,
        name="update",
        summary="Replace all fields; those not sent get their defaults. In BioT's guide, not in the specification.",
        permission="SETTINGS_PLUGIN_UPDATE",
        parameters=_NAME,
        body=_form(create_request()),
        form=True,
        response=plugin_response(),
        errors=_UPDATE_ERRORS,
    ),
    Operation(
        method="delete",
        path=_PLUGIN,
        name="delete",
        summary="Delete a plugin and everything that was created for it.",
        permission="SETTINGS_PLUGIN_DELETE",
        parameters=_NAME,
        status=204,
        errors=_NOT_FOUND,
    ),
)
_ACTION = dict.fromkeys(("entityName", "entityDisplayName", "actionName", "actionDisplayName"), TEXT)
_KEYS = object_schema(dict.fromkeys(("accessKeyId", "secretAccessKey", "sessionToken"), TEXT) | {"expiration": MOMENT})
_INTERCEPTION = object_schema(dict.fromkeys(("entityTypeName", "servicePrefix", "apiId"), TEXT), optional=["apiId"])
_ACTIONS = tuple(
    Operation(
        method="get",
        path=f"/settings/{version}/entity-types/action-notifications",
        name=name,
        summary="List the actions that plugins can be notified of.",
        permission="SETTINGS_GET_ENTITY_TYPES",
        response=object_schema({"entityTypes": {"type": "array", "items": object_schema(_ACTION)}}),
    )
    for version, name in (("v1", "getNotifiableActions_1"), ("v2", "getNotifiableActions"))
)
_LOOKUPS = (
    *_ACTIONS,
    Operation(
        method="get",
        path="/settings/v1/interceptions",
        name="search_3",
        summary="Search what plugins can intercept.",
        permission="SETTINGS_SEARCH_INTERCEPTION_SUBSCRIPTION_CONFIGURATIONS",
        search=INTERCEPTIONS,
        response=page_of(_INTERCEPTION),
    ),
    Operation(
        method="get",
        path=f"{_PLUGINS}/docker-repository/temp-credentials",
        name="getDockerRepositoryTempCredentials",
        summary="Return credentials for the registry, which end after an hour.",
        permission=_REPOSITORY,
        response=object_schema({"credentials": _KEYS, "region": TEXT, "repositoryUri": TEXT}),
    ),
    Operation(
        method="get",
        path="/settings/v1/system/properties",
        name="getSystemProperties",
        summary="Return the BioT version.",
        response=object_schema({"biotVersion": TEXT}),
    ),
    Operation(
        method="get",
        path="/settings/system/healthCheck",
        name="healthCheck",
        summary="Check that the service is running.",
        response=HEALTH,
    ),
)

OPERATIONS = (*_PLUGIN_OPERATIONS, *_LOOKUPS)
"""All operations below ``/settings``."""

"""The operations on templates for ``/openapi.json``, with the codes of BioT OpenAPI specification 2.4.2."""

from __future__ import annotations

from sandbox.api_description import UUID_TEXT, Operation, page_of
from sandbox.entities.templates.routes import TEMPLATES
from sandbox.entities.templates.template_schema import REQUEST, RESPONSE

_PATH = "/settings/v1/templates"
_ID = {"templateId": UUID_TEXT}
_NOT_FOUND = ("TEMPLATE_NOT_FOUND", "NOT_FOUND")
OPERATIONS = (
    Operation(
        method="get",
        path=_PATH,
        name="search_1",
        summary="Search templates.",
        permission="SETTINGS_SEARCH_TEMPLATE",
        search=TEMPLATES,
        response=page_of(RESPONSE),
    ),
    Operation(
        method="post",
        path=_PATH,
        name="createTemplate",
        summary="Create a template. With customAttributes, its entities have these and no others.",
        permission="SETTINGS_CREATE_TEMPLATE",
        body=REQUEST,
        status=201,
        response=RESPONSE,
        errors={
            400: (
                "TEMPLATE_DUPLICATE_NAME",
                "ENTITY_DOES_NOT_SUPPORT_PARENT_TEMPLATE",
                "PARENT_TEMPLATE_TYPE_NOT_SUPPORTED",
                "CUSTOM_ATTRIBUTES_DUPLICATE_NAME",
                "VALIDATION_DEFINITION_REGEX_NOT_SUPPORTED",
            ),
            404: ("ENTITY_TYPE_NOT_FOUND", "TEMPLATE_NOT_FOUND"),
        },
    ),
    Operation(
        method="get",
        path=f"{_PATH}/{{templateId}}",
        name="getTemplate",
        summary="Return a template.",
        permission="SETTINGS_GET_TEMPLATE",
        parameters=_ID,
        response=RESPONSE,
        errors={404: _NOT_FOUND},
    ),
    Operation(
        method="delete",
        path=f"{_PATH}/{{templateId}}",
        name="deleteTemplate",
        summary="Delete a template without entities.",
        permission="SETTINGS_DELETE_TEMPLATE",
        parameters=_ID,
        status=204,
        errors={
            403: ("TEMPLATE_DELETION_DISALLOWED", "TEMPLATE_IN_USE_DELETE_TEMPLATE", "CHILD_TEMPLATE_IN_USE"),
            404: _NOT_FOUND,
        },
    ),
)
"""The operations below ``/settings/v1/templates``; BioT has more, which change templates."""

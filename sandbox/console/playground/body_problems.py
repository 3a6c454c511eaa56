"""What BioT would refuse in a body, by line: no JSON, unknown and missing attributes, and wrong values. No I/O."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from jsonschema_rs import Draft202012Validator, ValidationErrorKind

from builder.platform.entity_apis import ENTITY_APIS
from sandbox.console.playground.json_lines import json_lines
from sandbox.data_editing.entity_editing import TextProblem
from sandbox.entities.attribute_schemas import TIMEZONE_NAME, request_schema, timezone_schema
from sandbox.entities.entity_calls import find_entity_call
from sandbox.entities.templates.seed_templates import default_template_id
from sandbox.entities.types.entity_types import ENTITY_TYPES
from sandbox.trigger.example_bodies import example_body
from sandbox.trigger.trigger_plans import plan_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jsonschema_rs import ValidationError

    from builder.platform.entity_apis import EntityApi
    from sandbox.console.playground.json_lines import JsonPath

PROBLEMS_MAX = 20
_CALL = re.compile(r"(GET|POST|PUT|PATCH|DELETE)\s*(/[^?\s]*)")
_ACTION = re.compile(r"([\w-]+)\s+(_\w+)")
_WITH_SCHEMA = frozenset({"create", "create_by_template", "start", "start_by_template", "update"})
_ANY_TIME, _ANY_TEXT = "2026-01-01T00:00:00.000Z", "a1b2c3d4"
_TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object: { … }",
    "array": "a list: [ … ]",
    "null": "null",
}


def body_problems(what: str, text: str) -> tuple[TextProblem, ...]:
    """What is wrong with the body of a call, or with the values of an action.

    Args:
        what: An action such as ``patient _create``, an API call such as ``PATCH/device/v2/devices/1``, or empty when
            the body may be any JSON.
        text: The body as it was written.
    """
    if not text.strip():
        return ()
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        return (TextProblem(message=f"This is not JSON: {error.msg} (column {error.colno}).", line=error.lineno),)
    except (ValueError, RecursionError):
        return (TextProblem(message="It is nested too deeply, or a number has too many digits."),)
    if action := _ACTION.fullmatch(what.strip()):
        return _action_problems(action[1], action[2], text, value)
    call = _CALL.match(what.strip())
    found = find_entity_call(call[1], call[2]) if call else None
    if found is None or found.api.operation not in _WITH_SCHEMA:
        return ()
    return _schema_problems(found.api, value, json_lines(text))


def _action_problems(entity: str, action: str, text: str, values: object) -> tuple[TextProblem, ...]:
    """The problems of the body that an action sends: a synthetic one with these values."""
    if not isinstance(values, dict):
        return (TextProblem(message="The values of an action are an object: { … }.", line=1),)
    plan = plan_of(entity, action)
    if not plan or not values:
        return ()
    body = example_body(plan[-1], action, values, _ANY_TEXT, _ANY_TIME)
    if body is None:
        return (TextProblem(message=f"{entity} {action} sends no body, so these values are not used.", line=1),)
    if plan[-1].operation in {"create", "start"}:
        body = {"_templateId": default_template_id(entity), **body}
    return _schema_problems(plan[-1], body, json_lines(text))


def _schema_problems(api: EntityApi, body: object, lines: Mapping[JsonPath, int]) -> tuple[TextProblem, ...]:
    problems = [
        TextProblem(message=message, line=_line(path, lines))
        for error in _validator(api.api_id).iter_errors(body)
        for path, message in _described(error)
    ]
    return tuple(sorted(problems, key=lambda one: one.line or 0)[:PROBLEMS_MAX])


@cache
def _validator(api_id: str) -> Draft202012Validator:
    api = next(one for one in ENTITY_APIS if one.api_id == api_id)
    shared = {"components": {"schemas": {TIMEZONE_NAME: timezone_schema()}}}
    return Draft202012Validator({**request_schema(api, ENTITY_TYPES[api.entity_type_name]), **shared})


def _described(error: ValidationError) -> Iterator[tuple[JsonPath, str]]:
    """The place and the sentence of each problem that the validator reports as one error."""
    path: JsonPath = tuple(error.instance_path)
    name, kind = str(path[-1]) if path else "The body", error.kind
    if isinstance(kind, ValidationErrorKind.AnyOf):  # a value that may also be null
        for inner in kind.context[0]:
            yield from _described(inner)
    elif isinstance(kind, ValidationErrorKind.AdditionalProperties):
        for unknown in kind.unexpected:
            yield (*path, unknown), f"There is no attribute {unknown[:100]}."
    elif isinstance(kind, ValidationErrorKind.Required):
        yield path, f"{kind.property} is missing."
    else:
        yield path, f"{name} must {_rule(kind)}."


def _rule(kind: Any) -> str:  # noqa: ANN401 - one of the many kinds of jsonschema-rs
    """What a value must be, as the end of a sentence."""
    match kind.name:
        case "type":
            return "be " + " or ".join(_TYPES.get(one, one) for one in kind.types)
        case "enum":
            options = [str(one) for one in kind.options]
            return f"be one of {', '.join(options[:12])}{', …' if len(options) > 12 else ''}"  # noqa: PLR2004 - as many as fit into a line
        case "pattern":
            return f"have the form {kind.pattern}"
        case "minLength" | "maxLength":
            return f"have at {'least' if kind.name == 'minLength' else 'most'} {kind.limit} characters"
        case "minimum" | "maximum":
            return f"be at {'least' if kind.name == 'minimum' else 'most'} {kind.limit}"
        case _:
            return f"follow the rule {kind.name} of the API's schema"


def _line(path: JsonPath, lines: Mapping[JsonPath, int]) -> int | None:
    """The line of a value, or of what it is part of; an action's values may have a key such as ``_name.firstName``."""
    for length in range(len(path), 0, -1):
        for known in (path[:length], (".".join(map(str, path[:length])),)):
            if known in lines:
                return lines[known]
    return lines.get(())

"""Every field of every documented request: its type, its bounds, and whether it may be left out or null.

What contract.toml says of a field decides which values must be taken and which refused; the local BioT's answer over a
socket and its OpenAPI document have to agree with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema_rs import Draft202012Validator

from sandbox.faults import Scenario
from sandbox.openapi import document
from tests.support.repetitions import plain_every
from tests.support.sandbox.contract import DocumentedOperation, contract, operations, record
from tests.support.sandbox.contract_requests import ContractRequests
from tests.support.sandbox.running_sandbox import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sandbox.contract import Field

WRONG: dict[str, object] = {"string": 5, "integer": "5", "boolean": "true", "object": ["x"], "array": {"x": 1}}
MALFORMED = {"BAD_REQUEST", "PLUGIN_REQUEST_VALIDATION_FAILED", "MISSING_PARAMETERS", "SERVICE_TYPE_NOT_ALLOWED"}
UNKNOWN = {"INVALID_ACTION_NAME", "INVALID_ENTITY_TYPE_NAME", "INVALID_API_ID"}
"""Codes for values that are not in the list of possible ones."""
PLAIN_TEXTS = {"name", "displayName"}
"""Texts with any content; all others must have a meaning."""
LEFT_OUT = object()


@dataclass(frozen=True)
class DocumentedField:
    """A field of a request, by its path from the top; 0 stands for the items of a list."""

    operation: DocumentedOperation
    way: tuple[str | int, ...]
    field: Field

    def __str__(self) -> str:
        """The id of the test case."""
        return f"{self.operation.name} {'.'.join(str(part) for part in self.way)}"


def fields_of(
    operation: DocumentedOperation, name: str, above: tuple[str | int, ...] = ()
) -> Iterator[DocumentedField]:
    for key, field in record(name).items():
        yield DocumentedField(operation, (*above, key), field)
        if "record" in field:
            yield from fields_of(operation, field["record"], (*above, key))
        elif "record" in field.get("items", {}):
            yield from fields_of(operation, field["items"]["record"], (*above, key, 0))


FIELDS = [field for operation in operations() if operation.request for field in fields_of(operation, operation.request)]


@pytest.fixture(scope="module")
def requests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContractRequests]:
    with running_sandbox(tmp_path_factory.mktemp("contract"), faults=Scenario()) as sandbox:
        contract_requests = ContractRequests(sandbox)
        with contract_requests.http:
            yield contract_requests


def refused_values(documented: DocumentedField) -> Iterator[object]:
    field = documented.field
    kind = "object" if "record" in field else field["type"]
    yield WRONG[kind]
    if field.get("required") and str(documented) not in contract()["looser"]:
        yield from (None, LEFT_OUT)
    if "values" in field:
        yield "another"
    if "min" in field:
        yield field["min"] - 1
    if "max" in field:
        yield field["max"] + 1 if kind == "integer" else "a" * (field["max"] + 1)


def taken_values(documented: DocumentedField) -> Iterator[object]:
    """Nested values are left out: whether they are accepted depends on the values beside them."""
    field = documented.field
    if len(documented.way) > 1:
        return
    if not field.get("required") and str(documented) not in contract()["stricter"]:
        yield from (None, LEFT_OUT)
    if field.get("type") == "integer":
        yield from (field[bound] for bound in ("min", "max") if bound in field)
    elif "max" in field and documented.way[0] in PLAIN_TEXTS:
        yield "a" * field["max"]


def put(body: Any, way: tuple[str | int, ...], value: object) -> Any:  # noqa: ANN401  # JSON
    """The same JSON with one value changed."""
    if not way:
        return value
    first, rest = way[0], way[1:]
    if isinstance(body, list):
        return [put(item, rest, value) if number == first else item for number, item in enumerate(body)]
    if not rest and value is LEFT_OUT:
        return {key: item for key, item in body.items() if key != first}
    return {**body, first: put(body.get(first), rest, value)}


def is_described(operation: DocumentedOperation, body: object) -> bool:
    """Return whether the OpenAPI document allows the body."""
    content = document()["paths"][operation.path][operation.method.lower()]["requestBody"]["content"]
    ((kind, content_schema),) = content.items()
    schema = (
        content_schema["schema"]["properties"]["config"] if kind == "multipart/form-data" else content_schema["schema"]
    )
    return Draft202012Validator(schema).is_valid(body)


@pytest.mark.parametrize("documented", plain_every(3, FIELDS), ids=str)
def test_undocumented_values_are_refused(requests: ContractRequests, documented: DocumentedField) -> None:
    operation = documented.operation
    for value in refused_values(documented):
        request = requests.valid(operation.name, operation.method, operation.path)
        body = put(request.body, documented.way, value)
        answer = requests.send(replace(request, body=body))
        assert (answer.status_code, answer.json()["code"] in MALFORMED | UNKNOWN) == (400, True), (value, answer.text)
        assert not is_described(operation, body), value


@pytest.mark.parametrize("documented", plain_every(3, FIELDS), ids=str)
def test_documented_values_are_accepted(requests: ContractRequests, documented: DocumentedField) -> None:
    operation = documented.operation
    for value in taken_values(documented):
        request = requests.valid(operation.name, operation.method, operation.path)
        body = put(request.body, documented.way, value)
        answer = requests.send(replace(request, body=body))
        code = answer.json().get("code") if answer.content else None
        assert code not in MALFORMED, (value, answer.text)
        assert is_described(operation, body), value

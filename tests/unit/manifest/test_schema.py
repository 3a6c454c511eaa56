"""The shipped JSON Schema says what the platform's data and the model say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from builder.manifest.model import Build, Cors, EnabledState, InterceptionType, PackageType, Plugin
from builder.manifest.schema.json_schema import schema
from builder.platform import api_catalog, limits

if TYPE_CHECKING:
    from collections.abc import Iterator

PLUGIN: dict[str, Any] = schema()["properties"]["plugin"]["properties"]
BUILD: dict[str, Any] = schema()["properties"]["build"]["properties"]
CORS: dict[str, Any] = schema()["$defs"]["cors"]["properties"]


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def keys(value: object, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key that a manifest may have, with its schema."""
    for name, below in value.items() if isinstance(value, dict) else ():
        if name == "properties":
            yield from ((f"{path}.{key}", item) for key, item in below.items())
        yield from keys(below, f"{path}.{name}")


def test_every_key_has_a_description_for_editors() -> None:
    assert [path for path, item in keys(schema()) if "$ref" not in item and not item.get("description")] == []


def test_no_table_accepts_unknown_keys() -> None:
    tables = [schema(), *(item for _, item in keys(schema())), *schema()["$defs"].values()]
    # A table whose names are the user's own (propertyNames) may have one of them described.
    named = [table for table in tables if "properties" in table and "propertyNames" not in table]
    assert all(table["additionalProperties"] is False for table in named)


@pytest.mark.parametrize(
    ("key", "low", "high"),
    [
        ("version", limits.VERSION_MIN, limits.VERSION_MAX),
        ("timeout", limits.TIMEOUT_MIN_SECONDS, limits.TIMEOUT_MAX_SECONDS),
        ("memorySize", limits.MEMORY_MIN_MB, limits.MEMORY_MAX_MB),
        ("ephemeralStorage", limits.EPHEMERAL_STORAGE_MIN_MB, limits.EPHEMERAL_STORAGE_MAX_MB),
    ],
)
def test_numbers_have_the_platforms_limits(key: str, low: int, high: int) -> None:
    assert (PLUGIN[key]["minimum"], PLUGIN[key]["maximum"]) == (low, high)


@pytest.mark.parametrize(
    ("key", "most"),
    [
        ("name", limits.NAME_MAX),
        ("displayName", limits.DISPLAY_NAME_MAX),
        ("runtime", limits.RUNTIME_MAX),
        ("handler", limits.HANDLER_MAX),
        ("cronSchedule", limits.CRON_MAX),
        ("imageTag", limits.IMAGE_TAG_MAX),
    ],
)
def test_texts_have_the_platforms_maximum_lengths(key: str, most: int) -> None:
    assert PLUGIN[key]["maxLength"] == most


def test_options_are_those_of_the_model_and_of_the_catalog() -> None:
    assert PLUGIN["enabledState"]["enum"] == list(EnabledState)
    assert sorted(PLUGIN["deploymentPackageType"]["enum"]) == sorted(PackageType)
    assert schema()["$defs"]["interception"]["properties"]["type"]["enum"] == list(InterceptionType)
    assert CORS["allowMethods"]["items"]["enum"] == list(api_catalog.CORS_METHODS)


def test_the_schema_has_exactly_the_models_fields() -> None:
    assert set(PLUGIN) == {camel(name) for name in Plugin.__struct_fields__}
    assert set(BUILD) == {name.replace("_", "-") for name in Build.__struct_fields__}
    assert set(CORS) == {camel(name) for name in Cors.__struct_fields__}


def test_an_environment_overrides_everything_except_what_is_fixed_at_creation() -> None:
    overridable = set(schema()["$defs"]["environment"]["properties"])
    assert overridable == set(PLUGIN) - {"name", "deploymentPackageType"} | {"baseUrl", "endpointUrl"}


def test_defaults_for_editors_are_the_models() -> None:
    plain = Plugin(name="a", display_name="a", version=1)
    for name in Plugin.__struct_fields__:
        shown = PLUGIN[camel(name)].get("default")
        if shown is not None:
            assert getattr(plain, name) == shown
    for name in Cors.__struct_fields__:
        assert list(getattr(Cors(), name)) == CORS[camel(name)]["default"]

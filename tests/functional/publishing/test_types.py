"""`biot-plugin types` makes fields of the custom attributes of an environment's templates."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.publishing.conftest import CommandLine
    from tests.support.sandbox.running_sandbox import Sandbox


def add_template(sandbox: Sandbox, entity: str, *attributes: dict[str, object]) -> str:
    name = f"template_{uuid4().hex[:8]}"
    listed = [{"displayName": "x", "category": "REGULAR", **one} for one in attributes]
    body = {"name": name, "displayName": name, "entityType": entity, "customAttributes": listed}
    answer = sandbox.call("POST", "/settings/v1/templates", token=sandbox.admin_token(), body=body)
    assert answer.status == 201, answer
    return name


@pytest.fixture
def types_file(plugin_folder: Path) -> Path:
    (plugin_folder / "src" / "plugin").mkdir(parents=True)
    return plugin_folder / "src" / "plugin" / "entities.py"


def test_the_custom_attributes_of_templates_become_fields(
    sandbox: Sandbox, types_file: Path, biot_plugin: CommandLine
) -> None:
    choices = [{"name": "EARLY", "displayName": "Early"}, {"name": "LATE", "displayName": "Late"}]
    name = add_template(
        sandbox,
        "caregiver",
        {"name": "shift", "type": "SINGLE_SELECT", "selectableValues": choices},
        {"name": "room", "type": "INTEGER"},
    )
    result = biot_plugin("types", "-e", "local")
    assert result.code == 0, result.err
    assert "with the custom attributes of local: " in result.out
    text = types_file.read_text("utf-8")
    assert 'Shift = Literal["EARLY", "LATE"]' in text
    assert f"    # Of the template {name}:\n    room: int | None\n    shift: Shift | None\n" in text


@pytest.mark.exhaustive
def test_more_templates_than_a_page_has(sandbox: Sandbox, types_file: Path, biot_plugin: CommandLine) -> None:
    names = [f"attribute{number}" for number in range(110)]
    for name in names:
        add_template(sandbox, "device", {"name": name, "type": "LABEL"})
    document = biot_plugin("types", "-e", "local", "--json").document
    assert set(names) <= set(document["customAttributes"])
    assert all(f"    {name}: str | None\n" in types_file.read_text("utf-8") for name in names)


def test_check_writes_nothing_and_ends_with_10_until_the_file_is_up_to_date(
    sandbox: Sandbox, types_file: Path, biot_plugin: CommandLine
) -> None:
    assert biot_plugin("types", "-e", "local").code == 0
    before = types_file.read_text("utf-8")
    assert biot_plugin("types", "-e", "local", "--check").code == 0
    add_template(sandbox, "patient", {"name": "shoeSize", "type": "DECIMAL"})
    result = biot_plugin("types", "-e", "local", "--check")
    assert result.code == 10
    assert "+    shoeSize: float | None" in result.out
    document = biot_plugin("types", "-e", "local", "--check", "--json").document
    assert (document["status"], document["exitCode"]) == ("changes", 10)
    assert types_file.read_text("utf-8") == before
    assert biot_plugin("types", "-e", "local").code == 0
    assert biot_plugin("types", "-e", "local", "--check").code == 0


def test_without_an_environment_it_has_the_attributes_of_every_environment(
    types_file: Path, biot_plugin: CommandLine
) -> None:
    assert biot_plugin("types").code == 0
    assert "class Patient(Person, total=False):" in types_file.read_text("utf-8")
    assert biot_plugin("types", "--check").code == 0


def test_a_javascript_plugin_gets_typescript_declarations(types_file: Path, biot_plugin: CommandLine) -> None:
    manifest = types_file.parents[2] / "plugin.toml"
    manifest.write_text(manifest.read_text("utf-8").replace("python3.12", "nodejs22.x"), "utf-8")
    assert biot_plugin("types").code == 0
    assert "export interface Patient extends Person {" in types_file.with_name("entities.d.ts").read_text("utf-8")
    assert not types_file.exists()


def test_a_plugin_without_the_flow_of_the_templates_is_refused(plugin_folder: Path, biot_plugin: CommandLine) -> None:
    result = biot_plugin("types")
    assert result.code == 4
    assert "has no folder src/plugin" in result.err
    assert not (plugin_folder / "src").exists()

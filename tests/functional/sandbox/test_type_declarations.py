"""The types in the templates are those of the entity descriptions, and custom attributes become fields of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_type_hints, is_typeddict

import pytest

from builder.platform.entity_apis import CustomAttribute
from sandbox.entities.type_declarations.declaration import declare_types
from sandbox.entities.type_declarations.python_module import python_module
from sandbox.entities.type_declarations.typescript_module import typescript_module
from sandbox.entities.types.entity_types import ENTITY_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.entities.type_declarations.declared_types import Declarations

TEMPLATES = Path(__file__).parents[3] / "templates"
WRITERS = {
    "python/src/plugin/entities.py": python_module,
    "javascript/src/plugin/entities.d.ts": typescript_module,
}


def custom(name: str, kind: str, *values: str, template: str = "nurse", entity: str = "caregiver") -> CustomAttribute:
    return CustomAttribute(entity_type_name=entity, template=template, name=name, type=kind, values=values)


def loaded(types: Declarations) -> dict[str, type]:
    """Run the Python module as a plugin does."""
    names: dict[str, type] = {}
    exec(compile(python_module(types), "entities.py", "exec", dont_inherit=True), names)  # noqa: S102 - it is what is tested
    return names


@pytest.mark.parametrize("name", WRITERS)
def test_the_templates_have_the_types_of_the_entity_descriptions(name: str) -> None:
    write: Callable[[Declarations], str] = WRITERS[name]
    assert (TEMPLATES / name).read_text("utf-8") == write(declare_types()), (
        "The entity descriptions changed. Write the file again: `biot-plugin types` without an environment."
    )


def test_every_attribute_of_every_entity_type_is_a_field() -> None:
    classes = loaded(declare_types())
    for kind in ENTITY_TYPES.values():
        name = "".join(word.capitalize() for word in kind.name.split("-"))
        attributes = {one.name for one in (*kind.attributes, *kind.started_attributes)} | set(kind.defaults)
        missing = (attributes | {"_id", "_template", "_ownerOrganization"}) - set(get_type_hints(classes[name]))
        assert missing == set(), name


def test_custom_attributes_become_fields_and_say_which_template_has_them() -> None:
    types = declare_types(
        [
            custom("shift", "SINGLE_SELECT", "EARLY", "LATE"),
            custom("wards", "MULTI_SELECT", "A", "B"),
            custom("room", "INTEGER"),
            custom("room", "LABEL", template="doctor"),
            custom("photo", "IMAGE", template="doctor"),
        ],
        "dev",
    )
    hints = get_type_hints(loaded(types)["Caregiver"])
    assert str(hints["shift"]) == "typing.Optional[typing.Literal['EARLY', 'LATE']]"
    assert str(hints["wards"]) == "list[typing.Literal['A', 'B']] | None"
    assert hints["room"] == int | str | None
    text = typescript_module(types)
    assert "  // Of the template doctor:\n  photo?: Unknown;\n" in text
    assert "  // Of the templates doctor, nurse:\n  room?: number | string | null;\n" in text
    assert "  shift?: Shift | null;\n  wards?: Wards[] | null;\n" in text
    assert "`biot-plugin types -e dev`" in text


def test_the_names_of_custom_attributes_never_break_the_module() -> None:
    """BioT allows every word as a name, also the words of Python and the names of our classes."""
    words = ("class", "str", "Any", "Address", "Reference", "TypedDict", "None", "Literal", "x" * 36)
    choices = [custom(name, "SINGLE_SELECT", name, "B") for name in ("status", "name", "device", "Patient", "state")]
    refused = [custom("not-a-name", "LABEL"), custom("__class__", "LABEL"), custom("a\n    b: int", "LABEL")]
    quotes = custom("quoted", "SINGLE_SELECT", 'a"b', "c")
    types = declare_types([*(custom(word, "LABEL") for word in words), *choices, *refused, quotes], "dev")
    hints = get_type_hints(loaded(types)["Caregiver"])
    assert hints["x" * 36] == str | None
    assert {"status", "name", "device", "Patient", "quoted"} - set(hints) == {"Patient"}
    assert hints["quoted"] == str | None
    assert issubclass(loaded(types)["Device"], dict), "the entity keeps its name"
    assert set(words[:-1]).isdisjoint(hints)
    assert '# "class" cannot be written here; use get("class").' in python_module(types)
    assert "not-a-name" not in typescript_module(types)
    assert "__class__" not in typescript_module(types)


def test_the_python_module_is_formatted_and_has_no_problems(tmp_path: Path) -> None:
    many = [
        custom(f"attribute{n}", "LABEL", template=f"a_long_name_of_a_template_{t}") for n in range(3) for t in range(9)
    ]
    file = tmp_path / "entities.py"
    file.write_text(python_module(declare_types([*many, custom("class", "LABEL")], "dev")), "utf-8")
    pyproject = (TEMPLATES / "python" / "pyproject.toml").read_text("utf-8")
    (tmp_path / "pyproject.toml").write_text(pyproject, "utf-8")
    for arguments in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_the_classes_are_typed_dicts() -> None:
    classes = loaded(declare_types())
    assert [is_typeddict(classes[name]) for name in ("Entity", "Person", "Patient")] == [True] * 3

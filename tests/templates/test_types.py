"""The type checkers of a generated plugin know what ``perform`` gets: a misspelt attribute is an error."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.platform.entity_apis import CustomAttribute
from sandbox.entities.type_declarations.declaration import declare_types
from sandbox.entities.type_declarations.python_module import python_module
from sandbox.entities.type_declarations.typescript_module import typescript_module

if TYPE_CHECKING:
    from collections.abc import Callable

PYTHON_PERFORM = '''"""Planted."""

from plugin.context import Context
from plugin.entities import {entity}
from plugin.hook_data import {data}


def perform(data: {data}[{entity}], context: Context) -> object:
    context.log.info("planted")
    {code}
    return None
'''
JAVASCRIPT_PERFORM = """/** @import {{ Context }} from "../context.js" */
/** @import {{ {entity} }} from "../entities.js" */
/** @import {{ {data} }} from "../hookData.js" */

/**
 * @param {{{data}<{entity}>}} data
 * @param {{Context}} context
 */
export async function perform(data, context) {{
  context.log.info("planted");
  {code}
  return undefined;
}}
"""
HOOKS = {
    "notification": ("NotificationData", "Device"),
    "interceptor_pre": ("RequestData", "Patient"),
    "interceptor_post": ("ResponseData", "PatientAlert"),
    "interceptor_post_entity": ("EntitiesData", "UsageSession"),
}
PYTHON_RIGHT = {
    "notification": 'context.log.info(data["entity"]["_id"] + str(data["entity"].get("custom")))',
    "interceptor_pre": 'data["body"]["_name"]["firstName"] = data["headers"]["host"]',
    "interceptor_post": 'data["body"]["_severity"] = "MAJOR"',
    "interceptor_post_entity": 'data["entities"][0]["_summary"] = {"_stopReasonCode": "TIMEOUT"}',
}
PYTHON_WRONG = {
    "notification": ('context.log.info(data["entity"]["_idd"])', '"Device" has no key "_idd"'),
    "interceptor_pre": ('data["body"]["_name"]["first"] = ""', '"Name" has no key "first"'),
    "interceptor_post": ('data["body"]["_severity"] = "BIG"', "type \"Literal['BIG']\"; expected"),
    "interceptor_post_entity": ('context.log.info(context.metadata["entityNam"])', '"Metadata" has no key "entityNam"'),
}
JAVASCRIPT_RIGHT = {
    "notification": 'context.log.info(data.entity?._id ?? "", data.entity?.custom.deep);',
    "interceptor_pre": 'data.body._name = { firstName: data.headers.host, lastName: "" };',
    "interceptor_post": 'data.body._severity = "MAJOR";',
    "interceptor_post_entity": 'data.entities[0]._summary = { _stopReasonCode: "TIMEOUT" };',
}
JAVASCRIPT_WRONG = {
    "notification": ('context.log.info(data.entity?._idd ?? "");', "Property '_idd' does not exist on type 'Device'"),
    "interceptor_pre": ('data.body._name = { first: "" };', "'first' does not exist in type 'Name'"),
    "interceptor_post": ('data.body._severity = "BIG";', "Type '\"BIG\"' is not assignable"),
    "interceptor_post_entity": ("context.log.info(context.metadata.entityNam);", "Property 'entityNam' does not exist"),
}
TEMPLATES = tuple(f"a_template_with_a_long_name_{number}" for number in range(9))
PLACE = re.compile(r"^src/plugin/perform/(\w+)\.\w+[:(]\d+.*?error[: ](.*)$", re.MULTILINE)


def one(name: str, kind: str, template: str, *values: str) -> CustomAttribute:
    return CustomAttribute(entity_type_name="patient", template=template, name=name, type=kind, values=values)


def mypy(folder: Path) -> str:
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "--no-pretty", "src"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def tsc(folder: Path) -> str:
    command = ["node", "node_modules/typescript/bin/tsc", "--pretty", "false"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


@pytest.fixture(scope="module")
def installed(
    render: Callable[..., Path], node_packages: Callable[[Path], None], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """A plugin with the type checker that its lock pins; mypy is the one of these tests."""
    known: dict[str, Path] = {}

    def _installed(language: str) -> Path:
        if language not in known:
            folder = tmp_path_factory.mktemp("types") / "my-plugin"
            known[language] = Path(shutil.copytree(render(language=language), folder))
            if language == "javascript":
                node_packages(folder)
        return known[language]

    return _installed


def write_performs(folder: Path, suffix: str, template: str, code: dict[str, str]) -> None:
    for hook, (data, entity) in HOOKS.items():
        text = template.format(data=data, entity=entity, code=code[hook])
        (folder / f"src/plugin/perform/{hook}.{suffix}").write_text(text, "utf-8")


def errors_by_hook(output: str) -> dict[str, str]:
    return dict(PLACE.findall(output))


def assert_found(planted: dict[str, tuple[str, str]], found: dict[str, str]) -> None:
    missed = {hook: found.get(hook) for hook, (_, message) in planted.items() if message not in found.get(hook, "")}
    assert missed == {}, found


def test_mypy_finds_a_wrong_field_in_every_hook(installed: Callable[[str], Path]) -> None:
    folder = installed("python")
    write_performs(folder, "py", PYTHON_PERFORM, PYTHON_RIGHT)
    assert mypy(folder) == ""
    write_performs(folder, "py", PYTHON_PERFORM, {hook: code for hook, (code, _) in PYTHON_WRONG.items()})
    found = errors_by_hook(mypy(folder))
    assert_found(PYTHON_WRONG, found)


def test_tsc_finds_a_wrong_field_in_every_hook(installed: Callable[[str], Path]) -> None:
    folder = installed("javascript")
    write_performs(folder, "js", JAVASCRIPT_PERFORM, JAVASCRIPT_RIGHT)
    assert tsc(folder) == ""
    write_performs(folder, "js", JAVASCRIPT_PERFORM, {hook: code for hook, (code, _) in JAVASCRIPT_WRONG.items()})
    found = errors_by_hook(tsc(folder))
    assert_found(JAVASCRIPT_WRONG, found)


@pytest.mark.parametrize(
    ("language", "file", "right", "wrong"),
    [
        ("python", "nonspecific.py", 'event.get("time")', 'event["tiem"]'),
        ("javascript", "nonspecific.js", "event.time", "event.tiem"),
    ],
)
def test_the_event_of_the_schedule_is_typed(
    language: str, file: str, right: str, wrong: str, installed: Callable[[str], Path]
) -> None:
    perform = installed(language) / "src/plugin/perform" / file
    before = perform.read_text("utf-8")
    assert right in before
    perform.write_text(before.replace(right, wrong), "utf-8")
    output = mypy(installed(language)) if language == "python" else tsc(installed(language))
    perform.write_text(before, "utf-8")
    assert "tiem" in errors_by_hook(output).get("nonspecific", ""), output


def test_the_linters_and_checkers_accept_the_custom_attributes_of_an_environment(
    installed: Callable[[str], Path],
) -> None:
    """`biot-plugin types` writes files that the plugin's own lint and type environments pass."""
    long = tuple(f"{'A_LONG_CHOICE' * 2}_{number}" for number in range(6))
    custom = [
        *(one(name, "LABEL", template) for name in ("class", "str", "Patient", "height") for template in TEMPLATES),
        one("height", "DECIMAL", "child"),
        one("state", "SINGLE_SELECT", "child", "A", "B"),
        one("degrees", "MULTI_SELECT", "child", *long),
        one("photo", "IMAGE", "child"),
        one("home", "ADDRESS", "child"),
    ]
    types = declare_types(custom, "dev")
    python, javascript = installed("python"), installed("javascript")
    (python / "src/plugin/entities.py").write_text(python_module(types), "utf-8")
    (javascript / "src/plugin/entities.d.ts").write_text(typescript_module(types), "utf-8")
    write_performs(python, "py", PYTHON_PERFORM, PYTHON_RIGHT)
    write_performs(javascript, "js", JAVASCRIPT_PERFORM, JAVASCRIPT_RIGHT)
    biome = ["node_modules/.bin/biome", "check", "--error-on-warnings", "src/plugin/entities.d.ts"]
    done = subprocess.run(biome, cwd=javascript, capture_output=True, text=True, check=False)
    assert (mypy(python), tsc(javascript), done.returncode) == ("", "", 0), done.stderr

    wrong = ('data["body"]["home"]["countrycode"] = "DE"', "data.body.home = { countrycode: 1 };")
    write_performs(python, "py", PYTHON_PERFORM, {**PYTHON_RIGHT, "interceptor_pre": wrong[0]})
    write_performs(javascript, "js", JAVASCRIPT_PERFORM, {**JAVASCRIPT_RIGHT, "interceptor_pre": wrong[1]})
    assert '"countrycode"' in errors_by_hook(mypy(python))["interceptor_pre"]
    assert "'countrycode' does not exist in type 'Address'" in errors_by_hook(tsc(javascript))["interceptor_pre"]

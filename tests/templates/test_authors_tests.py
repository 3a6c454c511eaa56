"""The tests of a generated plugin help its author: intended behaviour passes, broken code fails and says why."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

LANGUAGES = ("python", "javascript")
PERFORM = {"python": "src/plugin/perform/interceptor_pre.py", "javascript": "src/plugin/perform/interceptor_pre.js"}
NONSPECIFIC = {"python": "src/plugin/perform/nonspecific.py", "javascript": "src/plugin/perform/nonspecific.js"}
OWN_TEST = {"python": "tests/test_interceptor_pre.py", "javascript": "tests/interceptor_pre.test.js"}
NAMED_BLOCK = re.compile(r"`((?:src|tests)/[\w./]+)`:\n\n```\w+\n(.*?)```", re.DOTALL)

PYTHON_PERFORM = '''"""Planted."""

from typing import Any

from plugin.context import Context
from plugin.errors import PluginError


def perform(data: dict[str, Any], context: Context) -> object:
    {}
'''
JAVASCRIPT_PERFORM = """import {{ PluginError }} from "../errors.js";

export const planted = PluginError;

export async function perform(data, context) {{
  {}
}}
"""


def with_body(language: str, python: str, javascript: str) -> str:
    """Return a ``perform`` that does this one thing."""
    return PYTHON_PERFORM.format(python) if language == "python" else JAVASCRIPT_PERFORM.format(javascript)


REFUSAL = (
    'raise PluginError(409, "CLOSED", "Not on weekends")',
    'throw new PluginError(409, "CLOSED", "Not on weekends");',
)
CRASH = ('raise LookupError("planted crash")', 'throw new Error("planted crash");')
TEXT = ('return "not an object"', 'return "not an object";')
CALL = ('return context.biot.get("/device/v2/devices/7")', 'return context.biot.get("/device/v2/devices/7");')


@pytest.fixture(scope="module")
def installed(
    render: Callable[..., Path], node_packages: Callable[[Path], None], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """One plugin per language, with the packages that its tests need."""
    folders = {}
    for language in LANGUAGES:
        folder = tmp_path_factory.mktemp("installed") / "my-plugin"
        folders[language] = Path(shutil.copytree(render(language=language), folder))
    node_packages(folders["javascript"])
    return folders


@pytest.fixture
def project(installed: dict[str, Path], render: Callable[..., Path]) -> Callable[[str], Path]:
    """The plugin of a language as it was generated; changes by earlier tests are undone."""

    def _project(language: str) -> Path:
        for name in ("src", "tests", "tests_kit"):
            shutil.rmtree(installed[language] / name)
            shutil.copytree(render(language=language) / name, installed[language] / name)
        return installed[language]

    return _project


def run_tests(folder: Path, language: str, *files: str) -> tuple[int, str]:
    """Run these tests as the plugin's own tox does; return the exit code and the output."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "BIOT_", "NODE_"))}
    if language == "python":
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *files]
    else:
        command = ["node", "--test", "--test-reporter=spec", *files]
    done = subprocess.run(
        command,
        cwd=folder,
        # The environment of a plugin has none of the plugins of pytest that this one has.
        env={**kept, "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout


def events_test(language: str) -> str:
    return "tests_kit/test_events.py" if language == "python" else "tests_kit/events.test.js"


def cases_test(language: str) -> str:
    return "tests_kit/test_cases.py" if language == "python" else "tests_kit/cases.test.js"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_test_of_the_readme_passes(language: str, project: Callable[[str], Path]) -> None:
    folder = project(language)
    blocks = dict(NAMED_BLOCK.findall((folder / "README.md").read_text("utf-8")))
    assert len(blocks) == 3
    for name, text in blocks.items():
        assert (folder / name).is_file(), name
        (folder / name).write_text(text, "utf-8")

    code, output = run_tests(folder, language, OWN_TEST[language], events_test(language))

    assert code == 0, output


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_intended_refusal_passes(language: str, project: Callable[[str], Path]) -> None:
    folder = project(language)
    (folder / PERFORM[language]).write_text(with_body(language, *REFUSAL), "utf-8")

    code, output = run_tests(folder, language, events_test(language))

    assert code == 0, output


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("planted", "promise"),
    [(CRASH, "planted crash"), (TEXT, "must return an object"), (CALL, 'biot.answers["GET /device/v2/devices/7"]')],
    ids=["crash", "malformed answer", "missing answer of BioT"],
)
def test_a_broken_perform_fails_and_says_why(
    language: str, planted: tuple[str, str], promise: str, project: Callable[[str], Path]
) -> None:
    folder = project(language)
    (folder / PERFORM[language]).write_text(with_body(language, *planted), "utf-8")

    code, output = run_tests(folder, language, events_test(language))

    assert code != 0
    assert promise in output
    assert len(re.findall(r"^FAILED |^✖ the example event", output, re.MULTILINE)) in {1, 2}, output


@pytest.mark.parametrize("language", LANGUAGES)
def test_direct_calls_that_are_open_or_need_a_scope_pass(language: str, project: Callable[[str], Path]) -> None:
    folder = project(language)
    file = folder / NONSPECIFIC[language]
    generated = file.read_text("utf-8")
    for pattern, change in (
        (r"(REQUIRE_TOKEN_FOR_DIRECT_CALLS = )[Tt]rue", "False" if language == "python" else "false"),
        (r"(DIRECT_CALL_SCOPES\S* = |DIRECT_CALL_SCOPES: tuple\[str, \.\.\.\] = )(\(\)|\[\])", "SCOPES"),
    ):
        value = change.replace("SCOPES", '("CHECK_IN",)' if language == "python" else '["CHECK_IN"]')
        changed = re.sub(pattern, rf"\g<1>{value}", generated)
        assert changed != generated
        file.write_text(changed, "utf-8")

        code, output = run_tests(folder, language, events_test(language))

        assert code == 0, output


@pytest.mark.parametrize("language", LANGUAGES)
def test_rows_that_fail_are_shown_one_by_one(language: str, project: Callable[[str], Path]) -> None:
    folder = project(language)
    headers = folder / "src" / "plugin" / ("response.py" if language == "python" else "response.js")
    text = headers.read_text("utf-8")
    headers.write_text(text.replace('"application/json"', '"text/plain"'), "utf-8")

    code, output = run_tests(folder, language, cases_test(language))

    assert code != 0
    assert 'header content-type: expected "application/json", actual "text/plain"' in output
    assert "  a changed request travels back\n" in output
    assert len(output.splitlines()) < 400, output


WITHOUT_RAW_JSON = ("--import", "data:text/javascript,delete JSON.rawJSON")
"""Turns every Node.js into one that cannot keep the digits of a long integer."""


def keeping_digits() -> tuple[str, ...]:
    """The options with which this Node.js has JSON.rawJSON: Node.js 20 has it behind a flag of V8."""
    shown = subprocess.run(["node", "-p", "'rawJSON' in JSON"], capture_output=True, text=True, check=True).stdout
    return () if shown == "true\n" else ("--harmony-json-parse-with-source",)


def test_javascript_keeps_the_digits_of_long_integers_or_warns(project: Callable[[str], Path]) -> None:
    folder = project("javascript")
    outputs = []
    for options in (keeping_digits(), WITHOUT_RAW_JSON):
        command = ["node", *options, "tests_kit/json.test.js"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        outputs.append(done.stderr)
        assert done.returncode == 0, done.stdout
    assert "was rounded" not in outputs[0]
    assert outputs[1].count("An integer with more than 15 digits was rounded.") == 1
    program = 'import { toJson } from "./src/plugin/json.js"; console.log(toJson({ a: 9007199254740993n }));'
    command = ["node", *keeping_digits(), "--input-type=module", "-e", program]
    shown = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    assert shown == '{"a":9007199254740993}\n', "the test above ran with JSON.rawJSON"

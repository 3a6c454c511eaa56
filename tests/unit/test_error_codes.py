"""Every code that an error or a problem can have is explained, and every explanation belongs to a code."""

from __future__ import annotations

import ast
import re
from datetime import date
from functools import cache
from pathlib import Path

import pytest

import builder.publishing.failures
import builder.registry.image_references
import builder.registry.registry_failures
import sandbox.functions.function_errors
import scaffold.copier_calls
from builder.error_codes import read_error_codes
from builder.errors import KitError, ManifestError, Problem
from builder.manifest.manifest_file import parse
from builder.manifest.rules import BUILD_RULES, ENVIRONMENT_RULES, PLUGIN_RULES
from builder.manifest.validation import code_of

REPOSITORY = Path(__file__).parents[2]
MODULES = [module for room in ("builder", "sandbox", "scaffold") for module in (REPOSITORY / room).rglob("*.py")]
SUBCLASSES_IN = (
    builder.publishing.failures,
    builder.registry.image_references,
    builder.registry.registry_failures,
    sandbox.functions.function_errors,
    scaffold.copier_calls,
)
"""The modules, beside ``builder.errors``, that define errors of the kit."""
CODES = read_error_codes()
BROKEN = [
    "name = ",
    'x = "\u202e"',
    r"""[plugin]
name = "a b"
displayName = " "
version = "1"
runtime = "python2.7"
handler = "index"
extra = 1
cronSchedule = "* *"
enabledState = "ON"
[plugin.environmentVariables]
BIOT_X = ""
[plugin.cors]
allowMethods = ["GET", "GET"]
allowOrigins = ["x/"]
[[plugin.subscriptions.interceptions]]
type = "PRE_REQUEST"
[[plugin.subscriptions.notifications]]
entityTypeName = "patients"
actionName = "_create"
[build]
root = "/x"
allow-sdist = ["docopt==1"]
scripts = [""]
[build.image]
base = "python"
[build.shared]
"a\\b" = "/"
[build.prefer]
"/x" = "y z"
[build.allow-secrets]
x = " "
[build.allow-missing]
"a/b/c" = " "
[build.allow-missing-imports]
x = " "
[environments.dev]
baseUrl = "ftp://x"
endpointUrl = "ftp://x"
[environments.other]
""",
    '[plugin]\nname = "a"\ndisplayName = "a"\nversion = 1\ndeploymentPackageType = "IMAGE"\n[build]\nprebuilt = "/x"\n',
]


def subclasses(error: type[KitError]) -> list[type[KitError]]:
    return [error, *(each for child in error.__subclasses__() for each in subclasses(child))]


@cache
def tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text("utf-8"))


def calls_with_code(module: Path) -> list[tuple[ast.expr, ast.expr]]:
    """What is called, and the value of its ``code=``."""
    if "code=" not in module.read_text("utf-8"):
        return []
    calls = [node for node in ast.walk(tree_of(module)) if isinstance(node, ast.Call)]
    return [(call.func, keyword.value) for call in calls for keyword in call.keywords if keyword.arg == "code"]


def codes_in(module: Path) -> set[str]:
    """The codes that a module gives to problems: every text in a ``code=``, also by the name of a constant.

    BioT's own codes are in capital letters.
    """
    given = [node for _, value in calls_with_code(module) for node in alternatives(value)]
    if not given:
        return set()
    constants = {
        ast.unparse(target): node.value
        for node in tree_of(module).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
    }
    values = [constants.get(node.id, node) if isinstance(node, ast.Name) else node for node in given]
    texts = {node.value for node in values if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {text for text in texts if text and text == text.lower()}


def alternatives(value: ast.expr) -> list[ast.expr]:
    return [*alternatives(value.body), *alternatives(value.orelse)] if isinstance(value, ast.IfExp) else [value]


def test_every_code_in_the_sources_is_explained_and_every_explanation_is_used() -> None:
    kinds = {error.kind for error in subclasses(KitError)}
    rules = {code_of(rule) for rule in (*PLUGIN_RULES, *BUILD_RULES, *ENVIRONMENT_RULES)}
    of_problems = {code for module in MODULES for code in codes_in(module)}
    of_schema = {"manifest-length", "manifest-duplicate"}  # in a table of schema_violations; the next test meets them

    assert kinds | rules | of_problems | of_schema | {"interrupted"} == set(CODES)


def test_a_problem_cannot_be_made_without_a_code() -> None:
    with pytest.raises(TypeError, match="code"):
        Problem(message="Something is wrong.")  # type: ignore[call-arg]  # what must not be possible

    empty = [
        ast.unparse(value)
        for module in MODULES
        for called, value in calls_with_code(module)
        if isinstance(called, ast.Name) and called.id == "Problem" and ast.unparse(value) == "''"
    ]
    assert empty == []


def test_every_subclass_is_in_a_module_that_this_test_imports() -> None:
    names = {error.__module__ for error in subclasses(KitError)}
    classes = {error.__name__ for error in subclasses(KitError)}
    defined = {
        module.relative_to(REPOSITORY).with_suffix("").as_posix().replace("/", ".")
        for module in MODULES
        if re.search(r"^class \w+\(.*Error", module.read_text("utf-8"), re.MULTILINE)  # parsing all takes seconds
        for node in tree_of(module).body
        if isinstance(node, ast.ClassDef) and {ast.unparse(base) for base in node.bases} & classes
    }

    assert defined <= names
    assert names == {"builder.errors", *(module.__name__ for module in SUBCLASSES_IN)}


def test_the_exit_code_of_an_explanation_is_that_of_the_error() -> None:
    wrong = {e.kind: e.exit_code for e in subclasses(KitError) if CODES[e.kind].exit_code != e.exit_code}

    assert wrong == {}


def problems_of(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ManifestError) as raised:
        parse(text, file=Path("plugin.toml"), today=date(2026, 1, 1))
    return raised.value.problems


def test_every_problem_of_a_manifest_has_an_explained_code() -> None:
    problems = [problem for text in BROKEN for problem in problems_of(text)]
    codes = {problem.code for problem in problems}
    manifest = {code for code in CODES if code.startswith("manifest-")}

    assert [problem.message for problem in problems if problem.code not in CODES] == []
    assert manifest - codes == {"manifest-version"}  # a warning of a manifest without errors


def test_explanations_are_whole_sentences_and_their_examples_are_toml() -> None:
    import tomllib

    for code in CODES.values():
        assert not code.title.endswith("."), code.code
        assert code.cause.endswith("."), code.code
        assert code.fix.endswith("."), code.code
        tomllib.loads(code.example)

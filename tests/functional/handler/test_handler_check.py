"""The check of the handler on folders: where it looks for files, and what it reports when they are missing."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from builder.errors import Problem, Severity
from builder.handler import SourceLayout, check_handler

if TYPE_CHECKING:
    from pathlib import Path

PYTHON = "def handler(event, context): ...\n"
MODULE = "export async function handler(event) {}\n"
COMMONJS = "exports.handler = async (event) => {};\n"
TYPE_MODULE = '{"type": "module"}'
TYPE_COMMONJS = '{"type": "commonjs"}'


def check(
    folder: Path, files: dict[str, str], *, handler: str = "index.handler", root: str = "src", runtime: str = "python"
) -> Problem | None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    language = "python" if runtime.startswith("python") else "nodejs"
    return check_handler(
        SourceLayout(folder=folder, root=root), handler, language, version=runtime.removeprefix(language)
    )


FOUND: dict[str, dict[str, object]] = {
    "python": {"files": {"src/index.py": PYTHON}},
    "python in a folder": {"files": {"src/app/main.py": "def run(e, c): ..."}, "handler": "app/main.run"},
    "python with dots": {"files": {"src/app/main.py": "def run(e, c): ..."}, "handler": "app.main.run"},
    "python package": {"files": {"src/index/__init__.py": PYTHON}},
    "python re-export": {
        "files": {
            "src/index.py": "from plugin import handler",
            "src/plugin/__init__.py": "from .flow import *",
            "src/plugin/flow.py": "from .deep.run import run as handler",
            "src/plugin/deep/run.py": "from ..base import run",
            "src/plugin/base.py": "import functools\ndef go(a, e, c): ...\nrun = functools.partial(go, 1)",
        }
    },
    "python of a package from the index": {"files": {"src/index.py": "from mangum import handler"}},
    "python namespace": {"files": {"src/index.py": "from plugin import handler", "src/plugin/flow.py": ""}},
    "root of the folder": {"files": {"index.py": PYTHON, "src/other.py": ""}, "root": "."},
    "BioT's samples": {"files": {"index.py": "from src.index import handler", "src/index.py": PYTHON}, "root": "."},
    "ES module by package.json": {
        "files": {"src/index.js": MODULE, "package.json": TYPE_MODULE},
        "runtime": "nodejs22",
    },
    "ES module by the nearest package.json": {
        "files": {"src/index.js": MODULE, "src/package.json": TYPE_MODULE, "package.json": TYPE_COMMONJS},
        "runtime": "nodejs22",
    },
    "ES module by its ending": {"files": {"src/index.mjs": MODULE}, "runtime": "nodejs22"},
    "ES module by its text on 24": {"files": {"src/index.js": MODULE}, "runtime": "nodejs24"},
    "CommonJS": {"files": {"src/index.js": COMMONJS, "package.json": "{}"}, "runtime": "nodejs22"},
    "CommonJS by its ending": {
        "files": {"src/index.cjs": COMMONJS, "package.json": TYPE_MODULE},
        "runtime": "nodejs22",
    },
    "CommonJS beside a broken package.json": {
        "files": {"src/index.js": COMMONJS, "package.json": "[" * 100_000},
        "runtime": "nodejs22",
    },
    "re-export of files": {
        "files": {
            "src/index.js": "export { run as handler } from './plugin/flow.js';",
            "src/plugin/flow.js": "export * from '../base.js';",
            "src/base.js": "export const run = () => 1;",
            "package.json": TYPE_MODULE,
        },
        "runtime": "nodejs22",
    },
    "require without ending": {
        "files": {"src/index.js": "module.exports = require('./plugin');", "src/plugin/index.js": COMMONJS},
        "runtime": "nodejs22",
    },
    "folder for JavaScript": {
        "files": {"src/dist/app.js": COMMONJS},
        "handler": "dist/app.handler",
        "runtime": "nodejs22",
    },
}

WRONG: dict[str, tuple[dict[str, object], str, str]] = {
    "no file": ({"files": {}}, "plugin.toml plugin.handler", "in src/index.py, which does not exist."),
    "no function": (
        {"files": {"src/index.py": "x = 1"}},
        "src/index.py plugin.handler",
        "src/index.py does not export it.",
    ),
    "async def": (
        {"files": {"src/index.py": "\nasync def handler(e, c): ..."}},
        "src/index.py:2 plugin.handler",
        "does not await it",
    ),
    "async def elsewhere": (
        {"files": {"src/index.py": "from flow import handler", "src/flow.py": "async def handler(e, c): ..."}},
        "src/flow.py:1 plugin.handler",
        "handler is an async def",
    ),
    "missing file": (
        {"files": {"src/index.py": "from plugin.flow import handler", "src/plugin/__init__.py": ""}},
        "src/index.py:1 plugin.handler",
        "handler comes from plugin.flow, but there is no such file below the build root.",
    ),
    "too far up": (
        {"files": {"src/index.py": "from ..flow import handler", "flow.py": PYTHON}},
        "src/index.py:1 plugin.handler",
        "handler comes from ..flow",
    ),
    "only under the other root": (
        {"files": {"index.py": PYTHON}},
        "plugin.toml plugin.handler",
        "is in index.py, but the build root expects it in src/index.py.",
    ),
    "certainly under the other root and only perhaps here, as in BioT's Python sample": (
        {"files": {"index.py": PYTHON, "src/index.py": "from src.utils import *", "src/utils.py": ""}},
        "plugin.toml plugin.handler",
        "is in index.py, but the build root expects it in src/index.py.",
    ),
    "only under src": (
        {"files": {"src/index.mjs": MODULE}, "root": ".", "runtime": "nodejs22"},
        "plugin.toml plugin.handler",
        "is in src/index.mjs, but the build root expects it in index.js.",
    ),
    "too large": (
        {"files": {"src/index.py": "#" * 600_000}},
        "src/index.py:1 plugin.handler",
        "it is larger than 512 KiB.",
    ),
    "ES module without a sign": (
        {"files": {"src/index.js": MODULE, "package.json": "{}"}, "runtime": "nodejs22"},
        "src/index.js:1 plugin.handler",
        "it is written as an ES module, but Node.js would load it as CommonJS.",
    ),
    "ES module marked as CommonJS": (
        {"files": {"src/index.js": MODULE, "package.json": TYPE_COMMONJS}, "runtime": "nodejs24"},
        "src/index.js:1 plugin.handler",
        "it is written as an ES module, but Node.js would load it as CommonJS.",
    ),
    "CommonJS marked as a module": (
        {"files": {"src/index.js": COMMONJS, "package.json": TYPE_MODULE}, "runtime": "nodejs22"},
        "src/index.js:1 plugin.handler",
        "it is written as CommonJS, but Node.js would load it as an ES module.",
    ),
    "out of the root": (
        {"files": {"src/index.mjs": "export { handler } from '../lib.mjs';", "lib.mjs": MODULE}, "runtime": "nodejs22"},
        "src/index.mjs:1 plugin.handler",
        "handler comes from ../lib.mjs, but there is no such file below the build root.",
    ),
}


@pytest.mark.parametrize("plugin", FOUND.values(), ids=FOUND)
def test_a_handler_that_lambda_would_find_is_found(tmp_path: Path, plugin: dict[str, object]) -> None:
    assert check(tmp_path, **plugin) is None  # type: ignore[arg-type]  # the table's values are check's own types


@pytest.mark.parametrize(("plugin", "where", "message"), WRONG.values(), ids=WRONG)
def test_a_handler_that_lambda_would_not_find_is_reported(
    tmp_path: Path, plugin: dict[str, object], where: str, message: str
) -> None:
    problem = check(tmp_path, **plugin)  # type: ignore[arg-type]  # the table's values are check's own types
    assert problem is not None
    assert problem.where == where
    assert message in problem.message
    assert problem.hint
    assert problem.severity is Severity.ERROR


@pytest.mark.parametrize(
    ("other_file", "runtime", "hint"),
    [
        ("src/index.ts", "nodejs22", "Found src/index.ts: compile it to JavaScript first"),
        ("src/index.py", "nodejs22", "Found src/index.py: set runtime to the language of this plugin."),
        ("src/index.js", "python3.13", "Found src/index.js: set runtime to the language of this plugin."),
        ("src/readme.txt", "python3.13", "Create it, or name another file in handler; [build] root is src."),
    ],
)
def test_a_file_of_another_language_is_named(tmp_path: Path, other_file: str, runtime: str, hint: str) -> None:
    problem = check(tmp_path, {other_file: ""}, runtime=runtime)
    assert problem is not None
    assert problem.hint.startswith(hint)


def test_the_correct_root_is_suggested(tmp_path: Path) -> None:
    problem = check(tmp_path, {"index.py": PYTHON})
    assert problem is not None
    assert problem.hint == 'Write root = "." into [build].'


@pytest.mark.parametrize(("newer", "severity"), [(1, Severity.WARNING), (0, Severity.ERROR)])
def test_code_for_a_newer_python_is_only_a_warning(tmp_path: Path, newer: int, severity: Severity) -> None:
    runtime = f"python{sys.version_info.major}.{sys.version_info.minor + newer}"
    problem = check(tmp_path, {"src/index.py": "def handler(:"}, runtime=runtime)
    assert problem is not None
    assert problem.severity is severity


def test_the_plugins_code_is_not_executed(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    python = f"open({str(canary)!r}, 'w').close()\ndef handler(event, context): ...\n"
    assert check(tmp_path, {"src/index.py": python}) is None
    script = f"require('fs').writeFileSync({str(canary)!r}, '');\nexports.handler = () => 1;\n"
    assert check(tmp_path, {"src/index.js": script}, runtime="nodejs22") is None
    assert not canary.exists()


SHARED = {
    "nodejs": ({"a/src/index.js": "module.exports = require('./common/deep');", "lib/deep/index.js": COMMONJS}, ""),
    "nodejs modules": (
        {
            "a/src/index.mjs": "export { handler } from './common/h.js';",
            "lib/h.js": MODULE,
            "lib/package.json": TYPE_MODULE,
        },
        "",
    ),
    "nodejs, the plugin's own package.json": (
        {"a/src/index.js": "export * from './common/h.js';", "lib/h.js": MODULE, "a/package.json": TYPE_MODULE},
        "",
    ),
    "python": ({"a/src/index.py": "from common.flow import handler", "lib/flow.py": PYTHON}, ""),
    "nodejs without": (
        {"a/src/index.js": "module.exports = require('./common/gone');", "lib/x.js": ""},
        "no such file",
    ),
    "python without": ({"a/src/index.py": "from common.flow import handler", "lib/flow.py": "x = 1"}, "handler"),
}


@pytest.mark.parametrize(("files", "message"), SHARED.values(), ids=SHARED)
def test_shared_folders_are_searched(tmp_path: Path, files: dict[str, str], message: str) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    language = "python" if "a/src/index.py" in files else "nodejs"
    layout = SourceLayout(folder=tmp_path / "a", root="src", shared={"../lib": "common"})
    problem = check_handler(layout, "index.handler", language, version="22")
    assert message in (problem.message if problem else "")
    assert bool(problem) == bool(message)


def test_a_pipe_does_not_count_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    os.mkfifo(tmp_path / "src" / "index.py")
    problem = check(tmp_path, {})
    assert problem is not None
    assert "which does not exist" in problem.message


CALLABLE = {
    "two": "def handler(event, context): ...",
    "defaults": "def handler(event, context=None, more=1): ...",
    "only defaults": "def handler(event=None, context=None): ...",
    "rest": "def handler(*args): ...",
    "one and a rest": "def handler(event, *args, **named): ...",
    "keyword with default": "def handler(event, context, *, more=1): ...",
    "positional only": "def handler(event, context, /): ...",
    "lambda": "handler = lambda event, context: 1",
    "decorated": "@parse\ndef handler(event): ...",
    "decorated coroutine": "@parse\nasync def handler(event): ...",
    "partial": "import functools\ndef go(a, event, context): ...\nhandler = functools.partial(go, 1)",
    "instance": "class Handler:\n    def __call__(self, event, context): ...\nhandler = Handler()",
    "one of two": "import os\nif os.name:\n    def handler(event): ...\nelse:\n    def handler(event, context): ...",
}
UNCALLABLE = {
    "none": ("def handler(): ...", "takes no arguments"),
    "one": ("def handler(event): ...", "takes one argument"),
    "three": ("def handler(event, context, callback): ...", "requires 3 arguments"),
    "three with a rest": ("def handler(a, b, c, *more): ...", "requires 3 arguments"),
    "one with keywords": ("def handler(event, **named): ...", "takes one argument"),
    "keyword": ("def handler(event, context, *, more): ...", "requires the keyword argument more"),
    "lambda": ("handler = lambda event: 1", "takes one argument"),
    "re-exported": ("from flow import run as handler", "takes one argument"),
}


@pytest.mark.parametrize("name", CALLABLE)
def test_a_function_that_accepts_event_and_context_is_a_handler(tmp_path: Path, name: str) -> None:
    assert check(tmp_path, {"src/index.py": CALLABLE[name]}) is None


@pytest.mark.parametrize("name", UNCALLABLE)
def test_a_function_that_does_not_accept_event_and_context_is_an_error(tmp_path: Path, name: str) -> None:
    code, detail = UNCALLABLE[name]
    problem = check(tmp_path, {"src/index.py": code, "src/flow.py": "def run(event): ..."})
    assert problem is not None
    assert problem.severity is Severity.ERROR
    assert problem.message == f"Lambda calls handler(event, context), but handler {detail}."
    assert problem.line == 1


CALLBACKS = {
    "function": "export function handler(event, context, callback) { callback(null, 1); }",
    "arrow": "export const handler = (event, context, callback) => callback(null, 1);",
    "async": "export const handler = async (event, context, callback) => 1;",
    "CommonJS": "exports.handler = function (event, context, callback) { callback(null, 1); };",
    "method": "module.exports = { handler(event, context, callback) { callback(null, 1); } };",
    "re-exported": "export { run as handler } from './run.js';",
}
NO_CALLBACKS = {
    "none": "export const handler = () => 1;",
    "two": "export const handler = async (event, context) => 1;",
    "default": "export const handler = async (event, context, client = null) => 1;",
    "rest": "export const handler = async (event, context, ...rest) => 1;",
    "streaming": "export const handler = awslambda.streamifyResponse(async (event, stream, context) => 1);",
}
RUN = "export function run(event, context, done) { done(null, 1); }"


@pytest.mark.parametrize("name", CALLBACKS)
@pytest.mark.parametrize(("runtime", "is_called"), [("nodejs22", True), ("nodejs24", False)])
def test_callback_handlers_are_an_error_from_node_24_on(
    tmp_path: Path, name: str, runtime: str, *, is_called: bool
) -> None:
    kind = "commonjs" if "exports" in CALLBACKS[name] else "module"
    files = {"src/index.js": CALLBACKS[name], "src/run.js": RUN, "package.json": f'{{"type": "{kind}"}}'}
    problem = check(tmp_path, files, runtime=runtime)
    assert (problem is None) == is_called
    if problem is not None:
        assert "has a third parameter for a callback" in problem.message


@pytest.mark.parametrize("name", NO_CALLBACKS)
def test_other_handlers_of_node_24_are_accepted(tmp_path: Path, name: str) -> None:
    assert check(tmp_path, {"src/index.mjs": NO_CALLBACKS[name]}, runtime="nodejs24") is None

"""Imports of the plugin's own code are looked up in the artifact and the runtime."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.code import refuse_missing_imports
from builder.errors import ProjectError
from builder.manifest.model import Build, Manifest, Plugin
from tests.functional.cli.conftest import biot_plugin, plugin
from tests.functional.code.test_syntax_check import Script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.functional.cli.conftest import Call

__all__ = ["biot_plugin", "plugin"]

Row = tuple[int, str, str]


def imports(
    runtime: str,
    files: dict[str, str],
    packages: Sequence[str] = (),
    allowed: dict[str, str] | None = None,
    handler: str = "index.handler",
) -> list[Row]:
    manifest = Manifest(
        file=Path("plugin.toml").absolute(),
        plugin=Plugin(name="a", display_name="A", version=1, runtime=runtime, handler=handler),
        build=Build(allow_missing_imports=allowed or {}),
    )
    sources = [Script(path, text.encode()) for path, text in files.items()]
    try:
        problems = refuse_missing_imports(manifest, sources, [*files, *packages])
    except ProjectError as error:
        problems = error.problems
    return [(problem.line, problem.severity.value, problem.message) for problem in problems]


WHEELS = (
    "yaml/__init__.py",
    "google/protobuf/__init__.py",
    "single.py",
    "native.cpython-313-x86_64-linux-gnu.so",
    "odd/__init__.py",
)
AVAILABLE = {
    "standard library": "import os, tomllib, xml.etree.ElementTree",
    "runtime": "import boto3, botocore.exceptions",
    "packages": "import yaml, single, native\nfrom google.protobuf import message\nimport odd.made.at.runtime",
    "own": "from plugin import flow\nimport plugin.flow\nfrom plugin.deep import thing",
    "type checking": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import absent",
    "fallback": "try:\n    import tomllib\nexcept ImportError:\n    import tomli",
    "fallback the other way": "import plugin.flow as f\nclass A:\n    import json",
    "path": "import sys\nsys.path.insert(0, 'lib')\nimport inside",
}
OWN = {
    "plugin/__init__.py": "",
    "plugin/flow.py": "from . import deep\nfrom .deep import thing",
    "plugin/deep/thing.py": "from ..flow import a",
}


@pytest.mark.parametrize("name", AVAILABLE)
def test_an_available_module_is_not_a_problem(name: str) -> None:
    assert imports("python3.13", {"index.py": AVAILABLE[name], "lib/inside.py": "", **OWN}, WHEELS) == []


MISSING = {
    "package": ("import os\nimport requests", 2, "error"),
    "namespace": ("from google.cloud import storage", 1, "error"),
    "removed from the standard library": ("import imp", 1, "error"),
    "own": ("import plugin.absent", 1, "error"),
    "relative": ("from .absent import a", 1, "error"),
    "case": ("import Plugin.flow", 1, "error"),
    "class": ("class A:\n    import requests", 2, "error"),
    "other exception": ("try:\n    import requests\nexcept ValueError: pass", 2, "error"),
    "function": ("def f():\n    import requests", 2, "warning"),
    "try": ("try:\n    import requests\nexcept (ImportError, OSError): pass", 2, "warning"),
    "condition": ("import sys\nif sys.version_info < (3, 9):\n    import requests", 3, "warning"),
}


@pytest.mark.parametrize("name", MISSING)
def test_a_missing_module_is_reported_with_its_line(name: str) -> None:
    code, line, severity = MISSING[name]
    problems = imports("python3.13", {"index.py": code, **OWN}, WHEELS)
    assert [(place, kind) for place, kind, _ in problems] == [(line, severity)]


LOADED = {
    "import": {"index.py": "import deep.part", "deep/__init__.py": "", "deep/part.py": "import requests"},
    "package above": {"index.py": "import deep.part", "deep/__init__.py": "import requests", "deep/part.py": ""},
    "name": {"index.py": "from deep import part", "deep/__init__.py": "", "deep/part.py": "import requests"},
    "relative": {
        "index.py": "import deep.part",
        "deep/__init__.py": "",
        "deep/part.py": "from . import last",
        "deep/last.py": "import requests",
    },
    "relative to the folder above": {
        "index.py": "import deep.inner.part",
        "deep/inner/part.py": "from ..last import a",
        "deep/last.py": "import requests",
    },
    "function": {"index.py": "def handler(event, context):\n    import part", "part.py": "import requests"},
    "import_module": {
        "index.py": "import importlib\ndef f(): importlib.import_module('part')",
        "part.py": "import requests",
    },
    "relative import_module": {
        "index.py": "import deep",
        "deep/__init__.py": "from importlib import import_module\nimport_module('.part', __package__)",
        "deep/part.py": "import requests",
    },
    "path": {"index.py": "import sys\nsys.path.insert(0, 'lib')\nimport part", "lib/part.py": "import requests"},
    "fallback": {
        "index.py": "try:\n    import ujson\nexcept ImportError:\n    import part",
        "part.py": "import requests",
    },
}


@pytest.mark.parametrize("name", LOADED)
def test_a_module_that_the_handler_loads_gives_errors(name: str) -> None:
    assert "error" in [kind for _, kind, _ in imports("python3.13", LOADED[name])]


NOT_LOADED = {
    "script": {"index.py": "import os", "deploy.py": "import requests"},
    "caught": {"index.py": "try:\n    import part\nexcept ImportError:\n    part = None", "part.py": "import requests"},
    "for another platform": {
        "index.py": "import sys\nif sys.platform == 'emscripten':\n    import part",
        "part.py": "import requests",
    },
    "for types": {
        "index.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import part",
        "part.py": "import requests",
    },
}


@pytest.mark.parametrize("name", NOT_LOADED)
def test_a_module_that_the_handler_does_not_load_gives_warnings(name: str) -> None:
    assert [kind for _, kind, _ in imports("python3.13", NOT_LOADED[name])] == ["warning"]


def test_a_handler_in_a_folder_loads_the_package_above_it() -> None:
    files = {"plugin/__init__.py": "import requests", "plugin/index.py": ""}
    assert [kind for _, kind, _ in imports("python3.13", files, handler="plugin/index.handler")] == ["error"]
    assert [kind for _, kind, _ in imports("python3.13", files, handler="plugin.index.handler")] == ["error"]


def test_an_unused_allowance_is_reported() -> None:
    assert imports("python3.13", {"index.py": "import ujson"}, allowed={"ujson": "falls back"}) == []
    unused = imports("python3.13", {"index.py": "import json"}, allowed={"ujson": "falls back"})
    assert [kind for _, kind, _ in unused] == ["warning"]


@pytest.mark.parametrize(("start", "severities"), [("import setuptools", []), ("import os", ["error"])])
def test_distutils_is_available_once_setuptools_is_imported(start: str, severities: list[str]) -> None:
    files = {"index.py": f"{start}\nfrom distutils.core import setup\n"}
    packages = ["setuptools/__init__.py", "setuptools/_distutils/__init__.py"]
    assert [kind for _, kind, _ in imports("python3.13", files, packages)] == severities


MODULES = ("node_modules/axios/index.js", "node_modules/@scope/one/package.json")
AVAILABLE_JS = {
    "builtin": "import fs from 'fs'; import 'node:test'; import p from 'fs/promises';",
    "package": "import axios from 'axios/lib/a.js'; export * from '@scope/one';",
    "sdk": "import { S3Client } from '@aws-sdk/client-s3'; import '@smithy/types';",
    "file": "import './flow.js'; await import('./data.json', { with: { type: 'json' } });",
    "computed": "const name = 'a'; await import(name); await import(`./${name}`);",
}


@pytest.mark.parametrize("name", AVAILABLE_JS)
def test_an_available_javascript_module_is_not_a_problem(name: str) -> None:
    assert imports("nodejs22.x", {"index.mjs": AVAILABLE_JS[name], "flow.js": "", "data.json": "{}"}, MODULES) == []


MISSING_JS = {
    "package": ("import 'absent';", "error"),
    "scope": ("export * from '@scope/two';", "error"),
    "file without its ending": ("import './flow';", "error"),
    "case": ("import './Flow.js';", "error"),
    "require": ("const a = require('absent');", "error"),
    "require in a function": ("function f() { require('absent'); }", "warning"),
    "require in try": ("try { require('absent'); } catch { }", "warning"),
    "import map": ("import '#absent';", "error"),
}


@pytest.mark.parametrize("name", MISSING_JS)
def test_a_missing_javascript_module_is_reported(name: str) -> None:
    code, severity = MISSING_JS[name]
    problems = imports("nodejs22.x", {"index.mjs": code, "flow.js": ""}, MODULES)
    assert [(line, kind) for line, kind, _ in problems] == [(1, severity)]


def test_require_tries_file_extensions_and_folders() -> None:
    files = {"index.js": "require('./flow'); require('./deep'); require('.')", "flow.js": "", "deep/index.js": ""}
    assert imports("nodejs22.x", files) == []


def test_the_old_sdk_is_available_only_on_node_16() -> None:
    assert imports("nodejs16.x", {"index.js": "require('aws-sdk')"}) == []
    assert [kind for _, kind, _ in imports("nodejs20.x", {"index.js": "require('aws-sdk')"})] == ["error"]


def test_package_fails_until_the_import_is_allowed(biot_plugin: Call, plugin: Path) -> None:
    handler = "def handler(event, context):\n    import absent\n"
    (plugin / "src" / "index.py").write_text(f"import yaml\n{handler}")
    done = biot_plugin("package", cwd=plugin)
    assert done.returncode == 4
    assert "src/index.py:1: The module yaml is not in the artifact" in done.stderr
    assert "PyYAML" in done.stderr
    with (plugin / "plugin.toml").open("a") as file:
        file.write('[build.allow-missing-imports]\nyaml = "why"\n')
    for _ in range(2):
        done = biot_plugin("package", cwd=plugin)
        assert done.returncode == 0
        assert "src/index.py:3: The module absent" in done.stderr


def test_a_script_that_is_loaded_in_try_is_a_warning() -> None:
    code = "let fast; try { fast = require('./fast'); } catch { fast = require('./slow'); }"
    files = {"index.js": code, "fast.js": "require('absent')", "slow.js": "require('missing')"}
    assert [kind for _, kind, _ in imports("nodejs22.x", files)] == ["warning", "error"]


def test_a_script_that_nothing_loads_is_a_warning() -> None:
    files = {"index.js": "require('./src/flow')", "src/flow.js": "", "scripts/pack.js": "require('bestzip')"}
    assert [kind for _, kind, _ in imports("nodejs22.x", files)] == ["warning"]

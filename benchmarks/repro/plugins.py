"""The plugins that are built in every environment: seven in Python, five in Node.js, with all options of [build]."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PYTHON_HANDLER = "def handler(event, context):\n    return {'statusCode': 200, 'body': ''}\n"
PRECOMPILED = "import dateutil\nimport jwt\nimport pydantic\nimport requests\n\n\n" + PYTHON_HANDLER
NODE_HANDLER = "export async function handler(event) {\n  return { statusCode: 200, body: '' };\n}\n"
BUNDLED = """\
import axios from "axios";
import jwt from "jsonwebtoken";
import sharp from "sharp";

export async function handler(event) {
  return { statusCode: 200, body: String([axios.VERSION, jwt.decode(event.token ?? ""), sharp.versions.vips]) };
}
"""
ODDITIES = {
    "src/größe/ñ 日本.txt": "names beyond ASCII\n",
    "src/tools/run.sh": "#!/bin/sh\nexit 0\n",
    "src/tools/empty": "",
    "src/B.txt": "upper case sorts before lower case in bytes, after it in many locales\n",
    "src/a.txt": "\r\n",
    "src/_.txt": "\ufeffbyte order mark\n",
    "src/deep/er/and/deeper/x.py": "X = 1\n",
    "src/__pycache__/index.cpython-313.pyc": "stale",
    ".gitignore": "*.log\n",
    "src/ignored.log": "never packed\n",
}


@dataclass(frozen=True, kw_only=True)
class SamplePlugin:
    """One plugin: its name, its purpose, and its files beside the manifest."""

    name: str
    about: str
    runtime: str
    build: str = ""
    dependencies: tuple[str, ...] = ()
    packages: Mapping[str, str] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def write(self, home: Path) -> Path:
        """The plugin as a folder below ``home``, not yet locked."""
        folder = home / self.name
        for path, text in {**self._own(), **self.files}.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        return folder

    def _own(self) -> dict[str, str]:
        manifest = f'[plugin]\nname = "{self.name}"\ndisplayName = "Sample"\nversion = 1\nruntime = "{self.runtime}"\n'
        files = {"plugin.toml": f"{manifest}\n{self.build}", ".git/HEAD": "ref: refs/heads/main\n"}
        root = "" if 'root = "."' in self.build else "src/"
        if self.runtime.startswith("nodejs"):
            package = {"name": self.name, "version": "1.0.0", "type": "module", "dependencies": dict(self.packages)}
            package["devDependencies"] = dict(self.tools)
            manifest_json = json.dumps(package, indent=2)
            # Node reads the handler as a module only when the folder that ships says so.
            shipped = json.dumps({"type": "module"})
            return {
                **files,
                "package.json": manifest_json,
                f"{root}package.json": shipped,
                f"{root}index.js": NODE_HANDLER,
            }
        files[f"{root}index.py"] = PYTHON_HANDLER
        if "requirements =" in self.build:
            return {**files, "requirements.txt": "".join(f"{one}\n" for one in self.dependencies)}
        listed = ", ".join(json.dumps(one) for one in self.dependencies)
        return {**files, "pyproject.toml": f'[project]\nname = "p"\nversion = "1"\ndependencies = [{listed}]\n'}


SAMPLES = (
    SamplePlugin(
        name="py-plain",
        about="odd names, modes, ignored files, `[build.shared]`",
        runtime="python3.13",
        build='[build.shared]\n"common" = "shared/größe"\n',
        files={**ODDITIES, "common/z.py": "Z = 1\n", "common/Ä/run": "#!/bin/sh\n", "common/x.log": "never packed\n"},
    ),
    SamplePlugin(
        name="py-web",
        about="requests, pyjwt[crypto], pydantic, python-dateutil",
        runtime="python3.13",
        dependencies=("requests", "pyjwt[crypto]", "pydantic", "python-dateutil"),
    ),
    SamplePlugin(
        name="py-precompiled",
        about="the same, `precompile`, all sets of `prune`",
        runtime="python3.13",
        build='[build]\nprecompile = true\nprune = ["tests", "type-stubs", "headers", "docs", "source-maps"]\n',
        dependencies=("requests", "pyjwt[crypto]", "pydantic", "python-dateutil"),
        files={"src/index.py": PRECOMPILED},
    ),
    SamplePlugin(
        name="py-science",
        about="numpy, pandas, `recompress`, `prune` of tests",
        runtime="python3.12",
        build='[build]\nrecompress = true\nprune = ["tests"]\n',
        dependencies=("numpy", "pandas"),
    ),
    SamplePlugin(
        name="py-older",
        about="pyyaml, for glibc 2.26, and docopt, which each Python builds from source (`allow-sdist`)",
        runtime="python3.11",
        build='[build]\nallow-sdist = ["docopt"]\n',
        dependencies=("pyyaml", "six", "docopt"),
    ),
    SamplePlugin(
        name="py-sample",
        about="laid out as BioT's samples: root and requirements.txt",
        runtime="python3.12",
        build='[build]\nroot = "."\nrequirements = "requirements.txt"\n',
        dependencies=("requests",),
    ),
    SamplePlugin(
        name="py-script",
        about="a console script that is kept",
        runtime="python3.13",
        build='[build]\nscripts = ["dotenv"]\n',
        dependencies=("python-dotenv[cli]",),
    ),
    SamplePlugin(name="js-plain", about="odd names, no package", runtime="nodejs22.x", files=ODDITIES),
    SamplePlugin(
        name="js-web",
        about="axios, jsonwebtoken, luxon, winston, uuid",
        runtime="nodejs22.x",
        packages={"axios": "^1", "jsonwebtoken": "^9", "luxon": "^3", "winston": "^3", "uuid": "^11"},
    ),
    SamplePlugin(
        name="js-nested",
        about="one package in two versions, and scopes",
        runtime="nodejs22.x",
        packages={"wrap-ansi": "^7", "string-width": "^7", "@noble/hashes": "^1"},
    ),
    SamplePlugin(
        name="js-native",
        about="sharp, with binaries for other platforms left out, and jose; `recompress`",
        runtime="nodejs22.x",
        build="[build]\nrecompress = true\n",
        packages={"sharp": "^0.34", "jose": "^5"},
    ),
    SamplePlugin(
        name="js-bundled",
        about='axios, jsonwebtoken and sharp, `bundle = "source-map"`, `prune` of docs',
        runtime="nodejs22.x",
        build='[build]\nbundle = "source-map"\nprune = ["docs", "type-stubs"]\n',
        packages={"axios": "^1", "jsonwebtoken": "^9", "sharp": "^0.34"},
        tools={"esbuild": "^0.25"},
        files={"src/index.js": BUNDLED},
    ),
)

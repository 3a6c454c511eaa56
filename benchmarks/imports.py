"""``python -m benchmarks.imports``: the check of first-party code on popular packages, where every error is false.

Each package becomes a plugin twice. First the plugin only imports it, by every name that its files
have. Then the package's own source takes the place of the plugin's code, with its dependencies
locked: every file of it is parsed, and the imports of those files are looked up that importing its
public modules loads for certain. The packages work, so an error is a false alarm. With a folder as
argument the locks and packages stay there for the next run.
"""

from __future__ import annotations

import json
import posixpath
import re
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import HeaderParser
from pathlib import Path
from typing import TYPE_CHECKING

from builder.bundle.assemble import package_entries
from builder.code import refuse_missing_imports, refuse_syntax_errors
from builder.code.imports import loaded_files
from builder.code.javascript_imports import javascript_imports
from builder.code.javascript_resolution import JavaScriptModules
from builder.code.python_imports import python_imports
from builder.code.python_resolution import PythonModules
from builder.dependencies import Store, collect, read_lock, write_lock
from builder.errors import KitError, ProjectError, Severity
from builder.evidence.sbom.dependency_graph import python_graph
from builder.manifest.model import Build, Manifest, Plugin
from builder.platform.distributions import PACKAGE_OF_MODULE
from builder.progress import SilentProgress

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from builder.build_values import Pack
    from builder.code.imports import Import
    from builder.errors import Problem

PYTHON, NODE = "python3.13", "nodejs24.x"
WHEELS = (
    *("boto3", "urllib3", "requests", "certifi", "idna", "charset-normalizer", "packaging", "typing-extensions"),
    *("setuptools", "numpy", "pandas", "pydantic", "pydantic-core", "cryptography", "pyyaml", "botocore", "six"),
    *("python-dateutil", "s3transfer", "jmespath", "cffi", "pycparser", "attrs", "click", "jinja2", "markupsafe"),
    *("pytz", "tzdata", "protobuf", "grpcio", "googleapis-common-protos", "google-api-core", "google-auth"),
    *("google-cloud-storage", "google-cloud-core", "rsa", "pyasn1", "pyasn1-modules", "cachetools", "fsspec"),
    *("aiohttp", "aiosignal", "frozenlist", "multidict", "yarl", "async-timeout", "anyio", "sniffio", "h11", "httpx"),
    *("httpcore", "fastapi", "starlette", "uvicorn", "flask", "werkzeug", "itsdangerous", "django", "sqlalchemy"),
    *("greenlet", "alembic", "mako", "psycopg2-binary", "pymysql", "redis", "pymongo", "pyarrow", "scipy", "pillow"),
    *("scikit-learn", "joblib", "threadpoolctl", "lxml", "beautifulsoup4", "soupsieve", "openpyxl", "et-xmlfile"),
    *("pyjwt", "oauthlib", "requests-oauthlib", "pyopenssl", "bcrypt", "pynacl", "paramiko", "rich", "pygments"),
    *("markdown-it-py", "mdurl", "tqdm", "colorama", "tabulate", "tenacity", "filelock", "platformdirs", "distlib"),
    *("virtualenv", "wrapt", "importlib-metadata", "zipp", "more-itertools", "jsonschema", "referencing", "rpds-py"),
    *("isodate", "msgpack", "orjson", "psutil", "python-dotenv", "websockets", "pytest", "pluggy", "iniconfig"),
    *("opentelemetry-api", "opentelemetry-sdk", "aws-lambda-powertools", "docutils", "babel", "networkx", "toml"),
    *("annotated-types", "exceptiongroup", "tomli", "tomlkit", "regex", "simplejson", "ruamel-yaml", "pyparsing"),
)
TABLE = (
    *("pycryptodome", "mysqlclient", "opencv-python-headless", "python-docx", "pymupdf", "python-jose"),
    *("python-magic", "python-multipart", "pyserial", "scikit-image", "python-slugify", "pyzmq"),
)
"""Further packages of ``PACKAGE_OF_MODULE``."""
PACKAGES = (
    *("lodash", "axios", "express", "uuid", "chalk", "commander", "debug", "semver", "async", "moment", "dayjs"),
    *("date-fns", "luxon", "rxjs", "tslib", "yargs", "glob", "minimatch", "fs-extra", "rimraf", "mkdirp", "dotenv"),
    *("node-fetch", "form-data", "follow-redirects", "qs", "body-parser", "cors", "jsonwebtoken", "jose", "ajv"),
    *("zod", "joi", "winston", "pino", "ws", "socket.io", "mongodb", "mongoose", "pg", "mysql2", "ioredis", "redis"),
    *("@aws-sdk/client-s3", "aws-sdk", "graphql", "cheerio", "xml2js", "fast-xml-parser", "js-yaml", "csv-parse"),
    *("nanoid", "undici", "got", "sharp", "bluebird", "immutable", "ramda", "handlebars", "iconv-lite", "inquirer"),
)


@dataclass
class FalseAlarms:
    """Counts over the plugins of one run."""

    packages: int = 0
    files: int = 0
    loaded: int = 0
    errors: int = 0
    warnings: int = 0

    def add(self, subject: str, problems: tuple[Problem, ...]) -> None:
        for problem in problems:
            is_error = problem.severity is Severity.ERROR
            self.errors += is_error
            self.warnings += not is_error
            if is_error:
                print(f"FALSE ERROR {subject}: {problem.file}:{problem.line}: {problem.message}")


@dataclass(frozen=True)
class OwnScript:
    """A file in place of the plugin's own."""

    path: str
    content: bytes

    @property
    def origin(self) -> str:
        return self.path


@dataclass(frozen=True)
class PackageCase:
    """One package with all its dependencies, and the manifest of a plugin that depends on it."""

    name: str
    manifest: Manifest
    pack: Pack
    paths: frozenset[str]


def main() -> int:
    """Check everything and print the counts; 1 when there is one false error."""
    start = time.monotonic()
    importing, own = FalseAlarms(), FalseAlarms()
    with tempfile.TemporaryDirectory(prefix="biot-imports-") as scratch:
        home = Path(sys.argv[1] if len(sys.argv) > 1 else scratch).absolute()
        groups = [(names, PYTHON) for names in batched((*WHEELS, *TABLE))] + [((name,), NODE) for name in PACKAGES]
        with ThreadPoolExecutor(2) as pool:
            cases = [case for some in pool.map(lambda group: lock(group[0], group[1], home), groups) for case in some]
        for case in cases:
            check_importing(case, importing)
            check_own(case, own)
            if case.manifest.runtime.language == "python":
                check_table(case)
    total = len(WHEELS + TABLE + PACKAGES)
    print(f"{datetime.now(UTC).date()}: {len(cases)} of {total} packages, in {time.monotonic() - start:.0f} s.")
    print(f"Imported: {importing.packages} packages, {importing.errors} errors, {importing.warnings} warnings.")
    files = f"{own.files} files, {own.loaded} of them loaded"
    print(f"As own code: {own.packages} packages, {files}, {own.errors} errors, {own.warnings} warnings.")
    return 1 if importing.errors or own.errors else 0


def lock(names: tuple[str, ...], runtime: str, home: Path) -> list[PackageCase]:
    """Lock a plugin with some dependencies and download them; where that fails, one at a time, printing the reason."""
    folder = home / "plugins" / "_".join(name.replace("/", "+") for name in names)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "requirements.txt").write_text("".join(f"{name}\n" for name in names))
    dependencies = dict.fromkeys(names, "*")
    (folder / "package.json").write_text(json.dumps({"name": "p", "version": "1.0.0", "dependencies": dependencies}))
    plugin = Plugin(name="p", display_name="P", version=1, runtime=runtime)
    build = Build(requirements="requirements.txt" if runtime == PYTHON else None)
    manifest = Manifest(file=folder / "plugin.toml", plugin=plugin, build=build)
    store = Store(home / "store")
    try:
        if not any((folder / file).exists() for file in ("requirements.lock", "package-lock.json")):
            write_lock(manifest, store, SilentProgress())
        packs = collect(read_lock(manifest), manifest, store, SilentProgress())
    except KitError as error:
        if len(names) > 1:
            return [case for name in names for case in lock((name,), runtime, home)]
        reason = "; ".join(problem.message for problem in error.problems) or str(error)
        print(f"SKIPPED {names[0]}: {reason[:150]}")
        return []
    return [make_case(name, manifest, packs) for name in names]


def batched(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Groups of ten: most of the time is pip's, and it is hardly slower for ten packages."""
    return [names[start : start + 10] for start in range(0, len(names), 10)]


def make_case(name: str, manifest: Manifest, packs: tuple[Pack, ...]) -> PackageCase:
    """The case of one package, without the dependencies of the others."""
    pack = next(each for each in packs if each.package.name == name)
    is_python = manifest.runtime.language == "python"
    if is_python:
        needs = {each.package.name: requirements(each) for each in packs}
        reached = {name}.union(*python_graph(needs, [name], manifest.runtime).values())
        packs = tuple(each for each in packs if each.package.name in reached)
    paths = frozenset(entry.path for each in packs for entry in package_entries(each, python=is_python))
    return PackageCase(name=name, manifest=manifest, pack=pack, paths=paths)


def requirements(wheel: Pack) -> list[str]:
    file = next(member.path for member in wheel.members if member.path.endswith(".dist-info/METADATA"))
    with zipfile.ZipFile(wheel.file) as archive:
        metadata = HeaderParser().parsestr(archive.read(file).decode("utf-8", "replace"))
    return metadata.get_all("Requires-Dist", [])


def check(manifest: Manifest, scripts: list[OwnScript], paths: frozenset[str]) -> tuple[Problem, ...]:
    """The problems that the kit reports for the imports of own code."""
    try:
        return refuse_missing_imports(manifest, scripts, paths)
    except ProjectError as error:
        return error.problems


def check_importing(case: PackageCase, count: FalseAlarms) -> None:
    """Check a plugin that only imports the package."""
    count.packages += 1
    if case.manifest.runtime.language == "python":
        modules = [*public_modules(case.paths & {*own_paths(case)})]
        script = OwnScript("index.py", "".join(f"import {module}\n" for module in modules).encode())
    else:
        script = OwnScript("index.mjs", f"import * as a from '{case.name}';\n".encode())
    refuse_syntax_errors([script], case.manifest.runtime)
    count.add(f"importing {case.name}", check(case.manifest, [script], case.paths | {script.path}))


def check_own(case: PackageCase, count: FalseAlarms) -> None:
    """Check a plugin whose code is the package's own source."""
    count.packages += 1
    is_python = case.manifest.runtime.language == "python"
    root = "" if is_python else f"node_modules/{case.name}/"
    with zipfile.ZipFile(case.pack.file) as archive:
        scripts = [
            OwnScript(path.removeprefix(root), archive.read(member))
            for path, member in own_paths(case).items()
            if path.endswith((".py", ".js", ".mjs", ".cjs", "/package.json"))
        ]
    count.files += len(scripts)
    try:
        refuse_syntax_errors(scripts, case.manifest.runtime)
    except ProjectError as error:
        count.add(f"syntax of {case.name}", error.problems)
    others = case.paths - {*own_paths(case)}
    every = frozenset({*others, *(path.removeprefix(root) for path in own_paths(case))})
    start = OwnScript(*(python_start(case) if is_python else node_start(scripts)))
    loaded = certainly_loaded(case, [start, *scripts], every)
    count.loaded += len(loaded)
    count.add(f"imports of {case.name}", check(case.manifest, loaded, every | {start.path}))


def certainly_loaded(case: PackageCase, scripts: list[OwnScript], paths: frozenset[str]) -> list[OwnScript]:
    """The files that the first one loads, without imports in functions or under conditions."""
    runtime, own = case.manifest.runtime, {script.path: script.content for script in scripts}
    is_python = runtime.language == "python"
    modules = (PythonModules if is_python else JavaScriptModules)(own, paths, runtime.version)
    imports: dict[str, tuple[Import, ...] | None] = {}
    for path, content in own.items():
        if path.endswith((".py", ".js", ".mjs", ".cjs")):
            every = python_imports(content) or () if path.endswith(".py") else javascript_imports(content)
            imports[path] = tuple(each for each in every if each.is_certain)
    loaded = loaded_files([scripts[0].path], imports, modules.files_loaded_by)
    return [script for script in scripts if script.path in loaded or script.path.endswith("package.json")]


def own_paths(case: PackageCase) -> dict[str, str]:
    """Each path in the artifact that belongs to the package -> its name in the package's file."""
    python = case.manifest.runtime.language == "python"
    by_content = {member.sha256: member.path for member in case.pack.members}
    return {entry.path: by_content[entry.sha256] for entry in package_entries(case.pack, python=python)}


def public_modules(paths: frozenset[str]) -> Iterator[str]:
    """The modules of a wheel that a plugin can import: packages, also inside namespace packages, and single modules."""
    for path in sorted(paths):
        parts = path.split("/")
        parts[-1] = re.sub(r"(\.cpython-3\d+-[\w-]+|\.abi3)?\.(py|so)$", "", parts[-1])
        folders = ["/".join(parts[:depth]) for depth in range(1, len(parts))]
        is_inside = any(f"{folder}/__init__.py" in paths for folder in folders[:-1])
        is_module = f"{folders[-1]}/__init__.py" not in paths if folders else True
        if path.endswith("/__init__.py") and not is_inside:
            parts.pop()
        elif is_inside or not is_module or len(parts) > 1 or not path.endswith((".py", ".so")):
            continue
        if all(part.isidentifier() for part in parts):
            yield ".".join(parts)


def python_start(case: PackageCase) -> tuple[str, bytes]:
    modules = [name for name in public_modules(frozenset(own_paths(case))) if "._" not in f".{name}"]
    return "index.py", "".join(f"import {module}\n" for module in modules).encode()


def node_start(scripts: list[OwnScript]) -> tuple[str, bytes]:
    """A script that loads the package's main file, as Node.js would find it."""
    files = {script.path: script.content for script in scripts}
    package_json = json.loads(files["package.json"])
    exports = package_json.get("exports", {})
    target = exports.get(".", exports) if isinstance(exports, dict) else exports
    main = conditional_target(target) or str(package_json.get("main") or "index.js")
    stem = posixpath.normpath(main)
    for ending in ("", ".js", ".json", ".cjs", ".mjs", "/index.js"):
        if stem + ending in files:
            return "index.mjs", f"import './{stem}{ending}';\n".encode()
    print(f"NO MAIN FILE {package_json['name']}: {main}")
    return "index.mjs", b""


def conditional_target(target: object) -> str:
    """The file that ``exports`` selects for ``import`` on Node.js, or empty."""
    if isinstance(target, str):
        return target
    if isinstance(target, list):
        return next((one for one in map(conditional_target, target) if one), "")
    choices: Mapping[str, object] = target if isinstance(target, dict) else {}
    names = [name for name in choices if name in {"node", "import", "module-sync", "require", "default"}]
    return next((one for one in (conditional_target(choices[name]) for name in names) if one), "")


def check_table(case: PackageCase) -> None:
    """Print the differences between ``PACKAGE_OF_MODULE`` and the wheel."""
    tops = {name.split(".")[0] for name in public_modules(frozenset(own_paths(case)))}
    named = {module for module, package in PACKAGE_OF_MODULE.items() if normalize(package) == case.name}
    for module in sorted(named - tops):
        print(f"NOT IN THE WHEEL: {module} of {case.name}")
    for top in sorted(tops):
        package = PACKAGE_OF_MODULE.get(top, top)
        if not top.startswith("_") and normalize(package) != case.name:
            print(f"ANOTHER NAME: {top} belongs to {case.name}, but the hint says {package}")


def normalize(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


if __name__ == "__main__":
    raise SystemExit(main())

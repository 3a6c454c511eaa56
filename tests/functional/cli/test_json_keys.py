"""Every key of every JSON document that the kit prints or writes is camelCase.

Keys that are data (paths, names of packages and variables) are excepted by their place, and standards keep their own.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

import scaffold
from builder.cli.app import COMMANDS, cli, run
from builder.coldstart import prune_sets
from tests.functional.cli.conftest import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers.package_registries import PythonIndex

CAMEL_CASE = re.compile(r"[a-z][a-zA-Z0-9]*")
ALLOWED = {
    ".cdx.json": frozenset({"$schema", "bom-ref"}),  # CycloneDX
    ".provenance.json": frozenset({"_type"}),  # in-toto
    ".zip": frozenset(prune_sets.SETS),  # an answer of the store: names of plugin.toml
}
"""End of a file's name -> keys of a standard, or of plugin.toml, that are not camelCase."""
DATA = (
    r"tools|runDetails\.builder\.version",  # names of tools
    r"build\.(shared|prefer|allowMissing|allowMissingImports|allowSecrets)",  # what plugin.toml has as keys
    r"environmentVariables|pathFilters",
    r"actions",  # entities of a catalog
    r"components|requires",  # of the store's answers: names of packages
    r"(headers|body)(\W.*)?",  # of recorded calls: what BioT and HTTP define
)
"""Places whose keys are data."""
MANIFEST = """\
[plugin]
name = "age-calculator"
displayName = "Age Calculator"
version = 1
runtime = "python3.13"
environmentVariables = { LOG_LEVEL = "INFO" }

[plugin.subscriptions]
interceptionOrder = 10
interceptions = [{ type = "PRE_REQUEST", apiId = "POST/organization/v1/users/patients", order = 20 }]
notifications = [{ entityTypeName = "device", actionName = "_create" }]

[build]
root = "src"
prefer = { "a_b/c.py" = "sample-package" }
allow-secrets = {}
"""
CODE = "# INTERCEPTOR_PRE and NOTIFICATION get the same answer.\ndef handler(event, context):\n    return {answer}\n"
OSV_ENTRY = {
    "id": "PYSEC-1",
    "modified": "2026-10-01T10:00:00Z",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "sample-package"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}]}],
        }
    ],
}


def wrong_keys(document: object, allowed: frozenset[str] = frozenset(), place: str = "") -> Iterator[str]:
    """The places of keys that are not camelCase."""
    if isinstance(document, list):
        for item in document:
            yield from wrong_keys(item, allowed, f"{place}[]")
    if isinstance(document, dict):
        is_data = any(re.fullmatch(rf"(.*\.)?({pattern})", place) for pattern in DATA)
        for key, value in document.items():
            path = f"{place}.{key}".lstrip(".")
            if not is_data and key not in allowed and not CAMEL_CASE.fullmatch(key):
                yield path
            yield from wrong_keys(value, allowed, f"{place}.*".lstrip(".") if is_data else path)


class Machine:
    """A plugin, and the documents that commands print about it."""

    def __init__(self, plugin: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.plugin = plugin
        self.printed: dict[str, Any] = {}
        self._capture = capture

    def __call__(self, *arguments: str) -> int:
        """Run a command with ``--json`` and remember its document."""
        self._capture.readouterr()
        code = run([*arguments, "--json"])
        printed = self._capture.readouterr().out
        # Logs are the one list that may never end: one document on each line.
        lines = arguments[0] == "logs"
        document = [json.loads(line) for line in printed.splitlines()] if lines else json.loads(printed)
        self.printed[" ".join(arguments)] = document
        return code

    def write(self, answer: int, more: str = "") -> None:
        """The plugin, with other code."""
        (self.plugin / "plugin.toml").write_text(MANIFEST + more)
        (self.plugin / "src" / "index.py").write_text(CODE.format(answer=answer))


@pytest.fixture
def machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], index: PythonIndex
) -> Iterator[Machine]:
    """A machine whose environment ``local`` is a BioT that `biot-plugin sandbox --json` runs."""
    index.wheel("sample-package", "1.2", metadata=["License: As you like", "Author: Ann"], files={"a_b/c.py": b""})
    plugin = tmp_path / "plugin"
    (plugin / "src").mkdir(parents=True)
    (plugin / "pyproject.toml").write_text('[project]\nname = "p"\nversion = "1"\ndependencies = ["sample-package"]\n')
    (plugin / "soup.toml").write_text("")
    monkeypatch.setenv("BIOT_PLUGIN_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.chdir(plugin)
    machine = Machine(plugin, capsys)
    machine.write(1)
    command = [sys.executable, "-m", "builder", "sandbox", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        lines: list[str] = []
        while not lines or lines[-1] != "}\n":
            lines.append(process.stdout.readline() if process.stdout else "}\n")
        machine.printed["sandbox"] = json.loads("".join(lines))
        yield machine
        process.terminate()


def build(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "osv").mkdir()
    (tmp_path / "osv" / "1.json").write_text(json.dumps(OSV_ENTRY))
    machine("check")  # a failure: nothing is locked yet
    assert machine("lock") == 0
    assert machine("check") == 0
    assert machine("package") == 0
    assert machine("invoke", "no-such-hook") == 2  # its other documents: tests/templates/test_invoke.py
    artifact = "dist/age-calculator-1.zip"
    assert machine("inspect", artifact) == 0
    assert machine("verify", "--rebuild", artifact) == 0
    assert machine("audit", "--osv", str(tmp_path / "osv")) == 7
    assert machine("store", "show") == 0
    assert machine("store", "verify") == 0
    assert machine("store", "prune", "--older-than", "1") == 0
    machine.write(2)
    assert machine("verify", "--rebuild", artifact) == 7
    assert machine("package", "--all") == 0


def publish(machine: Machine, tmp_path: Path) -> None:
    local = ("-e", "local")
    (tmp_path / "plans").mkdir()
    assert machine("doctor", *local) in {0, 8}
    assert machine("login", *local) == 0
    assert machine("catalog", *local) == 0
    assert machine("plan", *local, "--out", str(tmp_path / "plans" / "plan.json")) == 10
    assert machine("publish", *local, "--plan", str(tmp_path / "plans" / "plan.json")) == 0
    assert machine("plan", *local) == 0
    machine.write(3, "[environments.local]\nmemorySize = 512\n")
    assert machine("publish", *local) == 0
    assert machine("rollback", *local) == 0
    assert machine("history") == 0
    assert machine("publish", "-e", "nowhere") == 2
    assert machine("image", "login", *local) == 0
    assert machine("image", "push", *local) == 2  # a ZIP plugin; its other document: test_image_commands.py


def operate(machine: Machine) -> None:
    local = ("-e", "local")
    for command in ("list", "show", "disable", "enable", "endpoint", "open", "logs", "subscriptions"):
        assert machine(command, *local) in {0, 8}
    assert machine("diff", "local", "local") == 0
    endpoint = ("--endpoint", "http://127.0.0.1:9/hook")
    patients = ("interception", "PRE_REQUEST", "GET/organization/v1/users/patients/{id}")
    notification = ("notification", "device", "_create")
    assert machine("subscribe", *notification, *endpoint, *local) == 0
    assert machine("subscribe", *patients, *endpoint, "--path-filter", "id=1", "--order", "20", *local) == 0
    assert machine("subscriptions", *local) == 0
    assert machine("unsubscribe", *notification, *endpoint, *local) == 0
    assert machine("unsubscribe", *patients, *endpoint, "--path-filter", "id=1", *local) == 0
    assert machine("subscribe", *notification, *endpoint, *local) == 0
    assert machine("trigger", "device", "_create") == 9
    assert machine("activity") == 0
    assert machine("logs", "--all", *local) == 0
    assert machine.printed["logs --all -e local"][0]["kind"] == "problem"
    number = str(machine.printed["activity"]["chains"][0]["number"])
    assert machine("activity", "show", number) == 0
    assert machine("activity", "save", number) == 0
    assert machine("why", number) == 0
    assert machine("replay", number) == 0  # the device exists already, so nobody is notified
    assert machine("trigger", "cron") == 8
    assert machine("trigger", "cron", "--advance", "reset") == 0
    assert machine("delete", "age-calculator", "--yes", *local) == 0
    assert machine("sandbox", "--fault-kinds") == 0
    assert machine("explain") == 0


def scaffold_plugin(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    new = scaffold.NewResult(
        folder=Path("a_b"), files=("a_b.py",), source="s", version="v1", local_requirement="", answers={}
    )
    updated = scaffold.UpdateResult(
        folder=Path("a_b"), before="v1", after="v2", changed=("a_b.py",), deleted=(), reset=("hooks",)
    )
    added = scaffold.HookAddition(
        folder=Path("a_b"), hooks=("notification",), added=("a_b.py",), changed=("c_d.toml",), difference=""
    )
    monkeypatch.setattr(scaffold, "add_hook", lambda *_, **__: added)
    monkeypatch.setattr(scaffold, "new", lambda *_, **__: new)
    monkeypatch.setattr(scaffold, "update", lambda *_, **__: updated)
    assert machine("new", "a_b") == 0
    assert machine("update") == 0
    assert machine("add", "notification") == 0
    (machine.plugin / "src" / "plugin").mkdir()
    assert machine("types", "-e", "local", "--check") == 10


def json_commands() -> set[str]:
    """Every command and subcommand that has ``--json``."""
    context = click.Context(cli)
    commands = {name: command for name in COMMANDS if (command := cli.get_command(context, name))}
    for name, command in list(commands.items()):
        if isinstance(command, click.Group):
            commands |= {f"{name} {sub}": one for sub, one in command.commands.items()}
    return {
        name for name, command in commands.items() if any("--json" in parameter.opts for parameter in command.params)
    }


def documents(folder: Path) -> Iterator[tuple[str, object]]:
    """Every JSON document below a folder: files, lines of journals, and what the store keeps in and beside packs."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = str(file.relative_to(folder))
        if file.suffix == ".json":
            yield name, json.loads(file.read_bytes())
        elif file.suffix == ".jsonl":
            yield from ((name, json.loads(line)) for line in file.read_text("utf-8").splitlines())
        elif file.suffix == ".zip" and "packs" in file.parts:
            with zipfile.ZipFile(file) as pack:
                yield from ((name, json.loads(pack.read(one))) for one in pack.namelist() if one == "answer.json")
        else:
            text = file.read_bytes().rpartition(b"\n")[2] or file.read_bytes()  # the store's files begin with a digest
            if text.startswith(b"{"):
                yield name, json.loads(text)


def allowed_in(name: str) -> frozenset[str]:
    return next((keys for end, keys in ALLOWED.items() if name.endswith(end)), frozenset())


def with_snake_case_keys(document: object) -> object:
    """A document as a kit with another style of keys would have written it."""
    if isinstance(document, dict):
        snake_case = ((re.sub(r"([A-Z])", r"_\1", key).lower(), item) for key, item in document.items())
        return {key: with_snake_case_keys(item) for key, item in snake_case}
    return [with_snake_case_keys(item) for item in document] if isinstance(document, list) else document


def rewrite_documents(folder: Path) -> None:
    """Give every JSON file below a folder, and every line of a journal, keys in snake_case."""
    for file in sorted(path for path in folder.rglob("*") if path.suffix in {".json", ".jsonl"}):
        texts = file.read_text("utf-8").splitlines() if file.suffix == ".jsonl" else [file.read_text("utf-8")]
        changed = [json.dumps(with_snake_case_keys(json.loads(text))) for text in texts]
        file.write_text("\n".join(changed) + "\n", "utf-8")


def check_files_with_other_keys(machine: Machine, tmp_path: Path) -> None:
    """Files with keys of another style are errors or count as absent; no command fails with a bug."""
    local = ("-e", "local")
    state = tmp_path / "state"
    address = (state / "local.json").read_text("utf-8")
    for folder in (state, machine.plugin / "dist", tmp_path / "plans"):
        rewrite_documents(folder)
    artifact = "dist/age-calculator-1.zip"
    codes = {machine(*words) for words in (("list", *local), ("inspect", artifact), ("verify", artifact))}
    assert 70 not in codes
    (state / "local.json").write_text(address, "utf-8")
    assert machine("check", *local) == 0
    assert machine("history") == 0
    assert machine("publish", *local, "--plan", str(tmp_path / "plans" / "plan.json")) == 8
    assert machine("rollback", *local) == 8
    assert machine("package") == 0


def test_every_key_of_every_document_is_camel_case(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(machine, tmp_path)
    publish(machine, tmp_path)
    operate(machine)
    scaffold_plugin(machine, monkeypatch)
    printed = {name: sorted(set(wrong_keys(document))) for name, document in machine.printed.items()}
    written = list(documents(tmp_path))

    untested = {name for name in json_commands() if not any(line.startswith(name) for line in machine.printed)}
    assert untested == set()
    assert {name: keys for name, keys in printed.items() if keys} == {}
    kinds = {name.partition("/")[0] for name, _ in written}
    assert kinds >= {"plans", "plugin", "state", "store"}
    assert len([name for name, _ in written if name.startswith("state/")]) >= 5
    wrong = [f"{name}: {key}" for name, document in written for key in wrong_keys(document, allowed_in(name))]
    assert wrong == []
    check_files_with_other_keys(machine, tmp_path)

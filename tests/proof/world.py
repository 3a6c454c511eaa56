"""One local BioT with a gate of faults, one publisher's machine, and the truth about both.

Commands run in this process, as ``biot-plugin`` would run them, over real sockets; only waiting costs no time, that of
the client for its next attempt as well as that for a server that does not answer. Every world belongs to one process,
because a command's output is caught by exchanging stdout.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from builder.cli.app import run
from builder.image.image_lock import write_image_lock
from builder.network.secret_text import SecretText
from builder.publishing.state_folder import LocalBiot, StateFolder, write_local_biot
from sandbox.faults import FAULT_KINDS, Scenario
from sandbox.registry.blob_files import BlobFiles
from sandbox.server import ServerOptions, start
from sandbox.ums.first_accounts import create_first_accounts
from tests.proof.canary import CanaryHost
from tests.proof.virtual_waits import Hurried, hurry, serve_pause
from tests.support.images.base_images import made_base
from tests.support.plugins.stage_inputs import plugin
from tests.support.sandbox.pushed_bases import push_base
from tests.support.sandbox.running_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from sandbox.faults import FaultKind, FaultRule

TABLES = (
    *("plugins", "dispatcher_interception", "dispatcher_notification", "ums_service_user", "ums_secret_key"),
    *("registry_blob", "registry_manifest", "registry_reference", "registry_tag", "registry_credential"),
)
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
PLUGINS = "/settings/v2/plugins"
SECRET = "canary-7d1f3b-environment-variable"
TOKEN_BEGINS = "eyJhbGciOi"
"""Every JSON Web Token begins so."""
MANIFEST = """\
[plugin]
name = "proof"
displayName = "{display}"
version = 1
runtime = "python3.13"
memorySize = {memory}
enabledState = "ENABLED"
{more}

[plugin.environmentVariables]
GREETING = "{secret}"

[plugin.subscriptions]
interceptionOrder = 40

{rows}
"""
ROWS = (
    '[[plugin.subscriptions.notifications]]\nentityTypeName = "device"\nactionName = "_create"\n',
    '[[plugin.subscriptions.interceptions]]\ntype = "ADAPT_ENTITY"\nentityTypeName = "patient"\n',
)
PROJECTS: Mapping[str, Mapping[str, Any]] = {
    "first": {"display": "First", "memory": 256, "code": 1, "rows": ROWS[:1]},
    "settings": {"display": "Settings", "memory": 512, "code": 1, "rows": ROWS[:1]},
    "second": {"display": "First", "memory": 384, "code": 2, "rows": ROWS},
}
"""The plugin at three moments of its life: folder, and what is in it."""
IMAGE = 'deploymentPackageType = "IMAGE"'
OWN_MANIFEST = """\
hosting = "own"

[plugin]
name = "proof"
displayName = "Proof"
version = 1
runtime = "python3.13"

{rows}

[environments.local]
endpointUrl = "http://127.0.0.1:8080/"
"""
OWN_PROJECTS: Mapping[str, tuple[str, ...]] = {
    "own-first": ROWS[:1],
    "own-second": (ROWS[1], ROWS[0].replace("_create", "_update")),
}
"""The plugin on one's own account: folder, and its subscriptions."""


@dataclass(frozen=True, kw_only=True)
class CommandRun:
    """What a command did, as its user sees it."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """What ``--json`` printed; empty when it was no JSON."""
        try:
            document: dict[str, Any] = json.loads(self.out)
        except ValueError:
            return {}
        return document


@dataclass(frozen=True, kw_only=True)
class BiotState:
    """What the local BioT really holds, without what differs from run to run.

    Attributes:
        plugins: Name -> what BioT answers about it, without times, and the sha256 of its code.
        rows: Subscriptions of the dispatcher, each with its endpoint.
    """

    plugins: Mapping[str, Mapping[str, Any]]
    rows: tuple[tuple[Any, ...], ...]

    def version(self, name: str) -> int:
        """The plugin's version; 0 when it is not there."""
        return int(self.plugins.get(name, {}).get("version", 0))

    def without_versions(self) -> BiotState:
        """For comparing where another version is as good."""
        plugins = {
            name: {
                **plugin,
                "version": 0,
                "environmentVariables": {
                    key: value for key, value in plugin["environmentVariables"].items() if key != "PLUGIN_TREE_VERSION"
                },
            }
            for name, plugin in self.plugins.items()
        }
        return replace(self, plugins=plugins)


@dataclass(kw_only=True)
class Base:
    """A state to begin runs from: tables and blobs of the local BioT, and the publisher's state folder."""

    tables: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    folder: Path
    blobs: Path


class World:
    """A local BioT and a publisher.

    Args:
        folder: Everything lies in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.running = start(ServerOptions(folder=folder / "biot", port=0, faults=Scenario()))
        accounts = create_first_accounts(self.running.state.database)
        assert accounts is not None
        assert self.running.gate is not None
        self.gate = self.running.gate
        self.canary = CanaryHost()
        local = LocalBiot(
            base_url=self.running.base_url,
            service_user_id=accounts.service_user.id,
            service_user_secret_key=SecretText(accounts.service_user.secret_key),
            admin_username="admin@biot.local",
            admin_password=SecretText(accounts.admin_password),
        )
        self.credentials = (accounts.service_user.secret_key, accounts.admin_password)
        self.bases: dict[str, Base] = {}
        write_local_biot(StateFolder(folder=self.state), local)
        for name in CERTIFICATES:
            os.environ.pop(name, None)  # they would be read for every run, and verify nothing here
        os.environ.update(
            {
                "BIOT_PLUGIN_STATE": str(self.state),
                "BIOT_PLUGIN_STORE": str(folder / "store"),
                "HOME": str(folder / "home"),
                "NO_COLOR": "1",
            }
        )
        hurry()
        self.gate.sleep = serve_pause
        user = accounts.service_user
        sandbox = Sandbox(running=self.running, admin_password=accounts.admin_password, service_user=user)
        base = push_base(sandbox)
        for name, values in PROJECTS.items():
            write_project(folder / name, values)
            write_project(folder / f"image-{name}", {**values, "more": IMAGE}, base)
        for name, rows in OWN_PROJECTS.items():
            (folder / name).mkdir()
            (folder / name / "plugin.toml").write_text(OWN_MANIFEST.format(rows="\n".join(rows)), "utf-8")

    def close(self) -> None:
        self.running.stop()
        self.canary.close()

    def call(self, *arguments: str) -> CommandRun:
        """Run one command; waiting costs nothing."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = run([argument.format(folder=self.folder) for argument in arguments])
        return CommandRun(code=code, out=out.getvalue(), err=err.getvalue())

    def play(self, rules: Iterable[FaultRule]) -> None:
        """Begin a scenario; redirects lead to the canary."""
        self.canary.requests.clear()
        Hurried.waited = 0.0
        led = tuple(replace(rule, elsewhere=self.canary.address) for rule in rules)
        self.gate.play(Scenario(rules=led))

    def settle(self) -> None:
        """Wait until nothing is to take effect any more."""
        while self.gate.pending:
            time.sleep(0.005)

    def effective(self) -> list[FaultKind]:
        """The faults that requests met; of somebody else's doings only those that had a plugin to work on."""
        kinds = []
        for met in self.gate.faulted_requests:
            kind = FAULT_KINDS.get(met.kind)
            interferes = kind is not None and (kind.before or kind.after) is not None
            of_plugin = met.path.startswith(PLUGINS) and not met.path.startswith(f"{PLUGINS}/docker-repository")
            if kind is not None and (not interferes or of_plugin):
                kinds.append(kind)
        return kinds

    def keep(self, name: str) -> None:
        """Remember the present state as a base."""
        base = Base(folder=self.folder / f"base-{name}", blobs=self.folder / f"blobs-{name}")
        shutil.copytree(self._blobs, base.blobs)
        shutil.rmtree(self.state / "tokens", ignore_errors=True)
        shutil.copytree(self.state, base.folder)
        with self.running.state.database.read() as connection:
            for table in TABLES:
                base.tables[table] = [tuple(row) for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608
        self.bases[name] = base

    def restore(self, name: str) -> None:
        """Begin at a base again."""
        base = self.bases[name]
        shutil.rmtree(self.state)
        shutil.copytree(base.folder, self.state)
        for blob in base.blobs.iterdir():  # a plugin's end deletes those of its image
            if not (self._blobs / blob.name).exists():
                shutil.copy(blob, self._blobs)
        with self.running.state.database.write() as connection:
            connection.execute("PRAGMA defer_foreign_keys = ON")
            for table, rows in base.tables.items():
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names from above
                if rows:
                    marks = ",".join("?" * len(rows[0]))
                    connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608

    def truth(self) -> BiotState:
        """What the local BioT holds now."""
        with self.running.state.database.read() as connection:
            plugins = {
                row["full_name"]: {
                    **_lasting(json.loads(row["response"])),
                    "code": row["code_sha256"] or row["image_digest"],
                }
                for row in connection.execute("SELECT * FROM plugins")
            }
            own = {row["endpoint_url"]: row["full_name"] for row in connection.execute("SELECT * FROM plugins")}
            rows = [
                (own.get(row[0], row[0]), *row[1:])
                for row in connection.execute(
                    "SELECT endpoint, type, api_id, entity_name, execution_order FROM dispatcher_interception"
                    " UNION ALL SELECT endpoint, entity_type_name, action_name, template_name, 0"
                    " FROM dispatcher_notification"
                )
            ]
        return BiotState(plugins=plugins, rows=tuple(sorted(rows)))

    def leaks(self, ran: CommandRun) -> list[str]:
        """Where a secret shows: in what was printed, or in a file of the publisher that is not there for it.

        Kept releases hold the plugin's variables, as plugin.toml does; credentials must not be there either.
        """
        credentials = (*self.credentials, *self._registry_credentials(), TOKEN_BEGINS)
        places = [place for place, text in (("stdout", ran.out), ("stderr", ran.err)) if holds(text, credentials)]
        places += [f"{place}: variable" for place, text in (("stdout", ran.out), ("stderr", ran.err)) if SECRET in text]
        for file in self.state.rglob("*"):
            room = file.relative_to(self.state).parts[0]
            if file.is_file() and room not in {"tokens", "local.json"}:
                text = file.read_text("utf-8", "replace")
                if holds(text, credentials) or (room != "releases" and SECRET in text):
                    places.append(file.relative_to(self.state).as_posix())
        return places

    def leaks_elsewhere(self) -> list[str]:
        """Files outside the state folder that show a credential: projects, artifacts, store, home."""
        projects = [*PROJECTS, *(f"image-{name}" for name in PROJECTS), *OWN_PROJECTS]
        rooms = [self.folder / name for name in (*projects, "home", "store")]
        files = [file for room in rooms for file in room.rglob("*") if file.is_file()]
        credentials = (*self.credentials, *self._registry_credentials(), TOKEN_BEGINS)
        return [str(file) for file in files if holds(file.read_text("utf-8", "replace"), credentials)]

    @property
    def _blobs(self) -> Path:
        return BlobFiles.beside(self.running.state.database).file("")

    def _registry_credentials(self) -> list[str]:
        with self.running.state.database.read() as connection:
            rows = connection.execute("SELECT secret_access_key, session_token FROM registry_credential").fetchall()
        return [text for row in rows for text in row]


def holds(text: str, secrets: Iterable[str]) -> bool:
    """Whether one of the secrets stands in a text."""
    return any(secret in text for secret in secrets)


def _lasting(response: Mapping[str, Any]) -> dict[str, Any]:
    passing = {"creationTime", "lastModifiedTime", "endpointUrl", "linkToConsole"}
    lasting = {key: value for key, value in response.items() if key not in passing}
    variables = response.get("environmentVariables") or {}
    return {
        **lasting,
        "environmentVariables": {key: variables[key] for key in variables if not key.startswith("BIOT_")},
    }


def write_project(folder: Path, values: Mapping[str, Any], base: str = "") -> None:
    """A plugin without dependencies; as an image on ``base`` if there is one."""
    (folder / "src").mkdir(parents=True)
    text = MANIFEST.format(
        display=values["display"],
        memory=values["memory"],
        more=values.get("more", ""),
        rows="\n".join(values["rows"]),
        secret=SECRET,
    )
    (folder / "plugin.toml").write_text(f'{text}\n[build.image]\nbase = "{base}"\n' if base else text, "utf-8")
    body = f'def handler(event, context):\n    return {{"statusCode": 200, "body": "{values["code"]}"}}\n'
    (folder / "src" / "index.py").write_text(body, "utf-8")
    if base:
        write_image_lock(plugin(folder), made_base(base).image)

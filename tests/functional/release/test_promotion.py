"""``publish --from``: what was proven in one environment gets to another one byte for byte, with two local BioTs."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from builder.publishing.records.journal import all_entries
from builder.publishing.state_folder import StateFolder
from sandbox.faults import Scenario
from tests.support.plugins.plugin_repository import PluginRepository
from tests.support.sandbox.running_sandbox import Sandbox, running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.support.plugins.plugin_repository import ProcessResult

FROM = ("--from", "staging", "-e", "prod")
ENVIRONMENTS = """
[environments.staging]
baseUrl = "{staging}"

[environments.prod]
baseUrl = "{prod}"
memorySize = 1024
environmentVariables = {{ LEVEL = "prod" }}
"""


class Company:
    """Two environments with credentials of their own, and the machine that publishes to both."""

    def __init__(self, folder: Path, staging: Sandbox, prod: Sandbox) -> None:
        self.staging, self.prod = staging, prod
        self.repository = PluginRepository(folder=folder / "repository", state=folder / "state", store=folder / "store")
        self.tables = ENVIRONMENTS.format(staging=staging.base_url, prod=prod.base_url)
        self.plugin = self.write()

    def write(self, name: str = "vitals", *, answer: int = 1, memory: int = 256) -> Path:
        return self.repository.write(name, answer=answer, memory=memory, more=self.tables)

    def staged(self, *arguments: str) -> ProcessResult:
        """``publish -e staging`` with its credentials."""
        words = arguments or ("-p", "plugins/vitals")
        done = self.repository.call("publish", "-e", "staging", *words, **user(self.staging))
        assert done.code == 0, done.err
        return done

    def promote(self, *arguments: str, command: str = "publish", **variables: str) -> ProcessResult:
        """``publish --from staging -e prod`` with the credentials of both."""
        words = arguments or ("-p", "plugins/vitals", "--json")
        credentials = {**user(self.prod), **user(self.staging, "BIOT_FROM_"), **variables}
        return self.repository.call(command, *FROM, *words, **credentials)


def user(biot: Sandbox, prefix: str = "BIOT_") -> dict[str, str]:
    names = {"SERVICE_USER_ID": biot.service_user.id, "SERVICE_USER_SECRET_KEY": biot.service_user.secret_key}
    return {prefix + name: value for name, value in names.items()}


def stored(biot: Sandbox, name: str = "vitals") -> dict[str, Any]:
    document: dict[str, Any] = biot.call("GET", f"/settings/v2/plugins/Plugin-{name}", token=biot.token()).body
    return document


def code_of(biot: Sandbox, name: str = "vitals") -> str:
    """The sha256 of the ZIP that BioT got."""
    with biot.running.state.database.read() as connection:
        row = connection.execute("SELECT code_sha256 FROM plugins WHERE full_name = ?", (f"Plugin-{name}",)).fetchone()
    return str(row[0])


def variables_of(plugin: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in plugin["environmentVariables"].items() if name.startswith("PLUGIN_TREE")}


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    with (
        running_sandbox(tmp_path / "staging", faults=Scenario()) as staging,
        running_sandbox(tmp_path / "prod", faults=Scenario()) as prod,
    ):
        yield Company(tmp_path / "machine", staging, prod)


def test_the_same_bytes_with_the_settings_of_the_other_environment(company: Company) -> None:
    company.staged()
    company.write(answer=2)
    (company.plugin / "src/index.py").write_text("this does not even parse", "utf-8")
    shutil.rmtree(company.plugin / "dist")
    planned = company.promote("-p", "plugins/vitals", command="plan")
    done = company.promote()
    again = company.promote()

    assert planned.code == 10, planned.err
    assert "create, with the bytes of staging (version 1, published 2" in planned.out
    assert done.code == 0, done.out
    sha256 = code_of(company.staging)
    assert code_of(company.prod) == sha256 == done.document["promotedFrom"]["sha256"]
    assert hashlib.sha256((company.repository.state / "releases" / sha256).read_bytes()).hexdigest() == sha256
    staging, prod = stored(company.staging), stored(company.prod)
    assert variables_of(prod) == variables_of(staging)
    assert (staging["memorySize"], prod["memorySize"]) == (256, 1024)
    assert prod["environmentVariables"]["LEVEL"] == "prod"
    assert again.document["verdict"] == "nothing-to-do"
    assert not (company.plugin / "dist").exists(), "nothing is built"


def test_it_is_what_the_environment_has_now_and_not_the_newest_release(company: Company) -> None:
    company.staged()
    company.write(answer=2)
    company.staged()
    rolled = company.repository.call(
        "rollback", "-e", "staging", "-p", "plugins/vitals", "--json", **user(company.staging)
    )
    assert rolled.code == 0, rolled.out
    done = company.promote().document

    assert (done["promotedFrom"]["version"], done["version"]) == (3, 1)
    assert code_of(company.prod) == code_of(company.staging)
    entries = {entry.base_url: entry for entry in all_entries(StateFolder(folder=company.repository.state))}
    assert entries[company.prod.base_url].artifact == code_of(company.staging)


def test_a_rollback_after_a_promotion_has_the_promoted_bytes(company: Company) -> None:
    company.staged()
    company.promote()
    first = code_of(company.prod)
    company.write(answer=2)
    company.staged()
    assert company.promote().document["version"] == 2
    back = company.repository.call("rollback", "-e", "prod", "-p", "plugins/vitals", "--json", **user(company.prod))

    assert (back.code, back.document["version"]) == (0, 3)
    assert code_of(company.prod) == first


def test_without_the_bytes_or_certainty_nothing_is_sent(company: Company) -> None:
    def refused(*arguments: str, **variables: str) -> str:
        done = company.promote(*arguments, **variables)
        assert done.code == 8, done.out
        assert (done.document["kind"], done.document["verdict"]) == ("not-possible", "not-applied")
        return str(done.document["message"])

    assert "staging has no plugin vitals" in refused()
    company.staged()
    artifact = company.repository.state / "releases" / code_of(company.staging)
    whole = artifact.read_bytes()
    artifact.write_bytes(whole[:-1] + b"x")
    assert "are not retained here" in refused()
    artifact.unlink()
    assert "are not retained here" in refused()
    artifact.write_bytes(whole)
    assert "are the same BioT" in refused("--from", "prod", "-p", "plugins/vitals", "--json")
    other_machine = str(company.repository.state.with_name("empty"))
    assert "are not retained here" in refused(BIOT_PLUGIN_STATE=other_machine)
    company.write("unmarked", answer=9)
    company.staged("-p", "plugins/unmarked", "--without-digest")
    assert "It is unknown which code" in refused("-p", "plugins/unmarked", "--json")
    for name in ("vitals", "unmarked"):
        path = f"/settings/v2/plugins/Plugin-{name}"
        assert company.prod.call("GET", path, token=company.prod.token()).status == 404


def test_the_bytes_must_fit_the_manifest_of_the_other_environment(company: Company) -> None:
    company.staged()
    manifest = company.plugin / "plugin.toml"
    manifest.write_text(manifest.read_text("utf-8").replace("python3.13", "python3.12"), "utf-8")
    done = company.promote()

    assert (done.code, done.document["kind"]) == (7, "verification")
    assert "was built for runtime = python3.13" in done.document["problems"][0]["message"]


def test_each_environment_gets_only_its_own_credentials(company: Company) -> None:
    company.staged()
    without = company.repository.call("publish", *FROM, "-p", "plugins/vitals", "--json", **user(company.prod))

    assert (without.code, without.document["kind"]) == (8, "access")
    assert f"{company.staging.base_url.removeprefix('http://')} refused" in without.document["message"]
    assert company.promote().code == 0


def test_every_plugin_of_a_repository_is_promoted(company: Company) -> None:
    for answer, name in enumerate(("alarm", "dose"), 3):
        company.write(name, answer=answer)
    company.staged("--all")
    company.write("dose", answer=2)
    (company.repository.state / "releases" / code_of(company.staging, "alarm")).unlink()
    company.write("untested")
    done = company.promote("--all", "--json")
    endings = {plugin["plugin"]: plugin["verdict"] for plugin in done.document["plugins"]}

    assert done.code == 8
    assert endings["untested"] == endings["alarm"] == "not-applied"
    assert endings["vitals"] == endings["dose"] == "done"
    for name in ("vitals", "dose"):
        assert code_of(company.prod, name) == code_of(company.staging, name)
    assert company.repository.call("publish", *FROM, "--artifact", "plugins", "-p", "plugins/dose").code == 2

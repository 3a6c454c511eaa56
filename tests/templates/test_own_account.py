"""A plugin on one's own account: the same plugin as on BioT's, and in addition a server and its deployment."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from copier import VcsRef, run_update

from tests.support.repetitions import exhaustive_after
from tests.templates.conftest import files_of, git
from tests.templates.expected import HOOKS, expected_files, own_account_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Render = Callable[..., Path]

LANGUAGES = ("python", "javascript")
CHANGED = {".copier-answers.yml", "README.md", "plugin.toml", "tox.ini", "tsconfig.json"}
"""The files that differ between the two ways of hosting."""


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in files_of(folder)}


def compose(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((folder / "deploy" / "compose.yaml").read_text("utf-8"))
    return document


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_the_same_plugin_with_a_server_beside_it(language: str, render: Render) -> None:
    own, biot = contents(render(language=language, hosting="own")), contents(render(language=language))
    assert own.keys() == expected_files(language, HOOKS, "github") | own_account_files(language)
    assert {name for name in biot if own[name] != biot[name]} <= CHANGED
    assert not any(b"On your own account" in content or b"SERVER_PORT" in content for content in biot.values())


@pytest.mark.parametrize("language", exhaustive_after(1, LANGUAGES))
def test_the_hosting_can_be_changed_and_changed_back(
    language: str, plugin: Callable[..., Path], render: Render
) -> None:
    folder = plugin(language=language)
    before = contents(folder)
    for hosting in ("own", "biot"):
        run_update(folder, {"hosting": hosting}, vcs_ref=VcsRef.CURRENT, defaults=True, overwrite=True, quiet=True)
        assert files_of(folder) == files_of(render(language=language, hosting=hosting))
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", hosting)
    assert contents(folder) == before


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_container_runs_without_privileges_and_has_time_to_stop(language: str, render: Render) -> None:
    folder = render(language=language, hosting="own")
    service = compose(folder)["services"]["plugin"]
    dockerfile = (folder / "deploy" / "Dockerfile").read_text("utf-8")
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert "ports" not in service, "only Caddy is reachable from outside"
    assert service["environment"]["SERVER_BEHIND_PROXY"] == "true"
    assert int(service["stop_grace_period"].removesuffix("s")) >= 5 + 30 + 5  # SERVER_DRAIN, SERVER_TIMEOUT, the rest
    assert re.search(r"(?m)^USER 10001$", dockerfile)
    assert "--require-hashes" in dockerfile or "npm ci" in dockerfile
    copied = re.findall(r"(?m)^COPY (.+) \S+$", dockerfile)
    assert all((folder / name).exists() for line in copied for name in line.split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_secret_is_in_a_file_that_git_tracks(language: str, plugin: Callable[..., Path]) -> None:
    folder = plugin(language=language, hosting="own")
    secrets = ["deploy/.env", "deploy/biot-secret-key.txt", "deploy/terraform/terraform.tfstate"]
    ignored = subprocess.run(["git", "check-ignore", *secrets], cwd=folder, capture_output=True, text=True, check=True)
    assert ignored.stdout.split() == secrets
    variables = compose(folder)["services"]["plugin"]["environment"]
    assert "BIOT_SERVICE_USER_SECRET_KEY" not in variables, "other processes could read it"
    assert variables["BIOT_SERVICE_USER_SECRET_KEY_FILE"].startswith("/run/secrets/")

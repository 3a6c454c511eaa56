"""Runs the jobs of a pipeline as a CI system would: each in a fresh clone, with the files of earlier jobs."""

from __future__ import annotations

import os
import re
import shutil
import site
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.templates.conftest import REPOSITORY, git

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.templates.pipelines import Job, Pipeline, Step

KIT_ENVIRONMENTS = ("package", "verify", "plan", "publish")
PACKAGES = ("builder", "sandbox", "scaffold")
SETUP = (
    # What makes tox, and plain `tox`: test_projects.py runs that one.
    r"python3? -m (pip install|venv) .*",
    r"\S*/pip install .*",
    r"\S+ -m pip install .*",
    r"apt-get update && .*",
    r"sed -n 's/\^runtime .*",
    r"(\S*/)?tox",
)


OF_THE_SYSTEM = {
    "github": {
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTOR": "octocat",
        "GITHUB_SERVER_URL": "https://github.example.com",
        "GITHUB_REPOSITORY": "acme/plugin",
        "GITHUB_RUN_ID": "4711",
    },
    "gitlab": {
        "GITLAB_CI": "true",
        "GITLAB_USER_LOGIN": "tanuki",
        "CI_JOB_URL": "https://gitlab.example.com/jobs/4711",
    },
    "bitbucket": {"BITBUCKET_BUILD_NUMBER": "4711", "BITBUCKET_REPO_FULL_NAME": "acme/plugin"},
    "jenkins": {"JENKINS_URL": "https://ci.example.com/", "BUILD_URL": "https://ci.example.com/job/plugin/4711/"},
}
"""The environment variables that each system sets for every job."""


@dataclass(frozen=True)
class Ran:
    """A finished job: the exit code of its last command, and its whole output."""

    code: int
    log: str


@dataclass(frozen=True)
class Agent:
    """A machine of a CI system: tox and the kit under test.

    Attributes:
        system: Whose machine it is.
        folder: For the jobs, empty at first.
        store: What may be there from before: packages, and tox's (empty) environments.
    """

    system: str
    folder: Path
    store: Path

    def run(self, pipeline: Pipeline, repository: Path, variables: Mapping[str, str]) -> dict[str, Ran]:
        """Run the jobs in order until one fails; the files that they store are in ``kept``, also for later calls.

        Args:
            pipeline: Its jobs.
            repository: What each of them clones.
            variables: The settings of the CI system; secrets reach only the steps that name them.
        """
        kept = self.folder / "kept"
        ran: dict[str, Ran] = {}
        for name, job in pipeline.items():
            checkout = self.folder / name
            shutil.rmtree(checkout, ignore_errors=True)
            git(self.folder, "clone", "--quiet", str(repository), str(checkout))
            if job.receives:
                shutil.copytree(kept, checkout / "dist")
            ran[name] = self._run_job(job, checkout, variables)
            if job.keeps:
                shutil.copytree(checkout / "dist", kept, dirs_exist_ok=True)
            if ran[name].code != 0:
                break
        return ran

    def _run_job(self, job: Job, checkout: Path, variables: Mapping[str, str]) -> Ran:
        ran = Ran(0, "")
        for step in scripts_of(job):
            names = {"BIOT_ENVIRONMENT"} | step.secrets
            secrets = {name: value for name, value in variables.items() if name in names}
            done = subprocess.run(
                ["sh", "-e", "-c", step.script],
                cwd=checkout,
                env={**self._environment(), **secrets},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                check=False,
            )
            ran = Ran(done.returncode, ran.log + done.stdout)
            if ran.code != 0:
                break
        return ran

    def _environment(self) -> dict[str, str]:
        """Use the kit under test instead of the one that tox would install (test_projects.py tests that)."""
        programs = self.folder / "bin"
        if not programs.exists():
            programs.mkdir()
            kit = self.store / "kit"
            for name in PACKAGES if not kit.exists() else ():
                # A copy, because a build depends on the kit's code, which may change while the tests run.
                shutil.copytree(REPOSITORY / name, kit / name, ignore=shutil.ignore_patterns("__pycache__"))
            (programs / "tox").write_text(f"#!/bin/sh\nexec '{sys.executable}' -m tox \"$@\"\n", "utf-8")
            (programs / "tox").chmod(0o755)
        # The last: on CI tox lists what is installed before every command, which here is nothing.
        path = os.pathsep.join([str(self.store / "kit"), *site.getsitepackages()])
        changes = ("deps=", f"set_env=PYTHONPATH={path}", "list_dependencies_command=python --version")
        overrides = (f"testenv:{name}.{change}" for name in KIT_ENVIRONMENTS for change in changes)
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("TOX_", "PYTEST_", "BIOT_"))
        }
        return {
            **{name: value for name, value in inherited.items() if not name.startswith(("GITHUB_", "GITLAB_", "CI_"))},
            **OF_THE_SYSTEM[self.system],
            "CI": "true",
            "NO_COLOR": "1",
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "TOX_OVERRIDE": ";".join(overrides),
            "TOX_WORK_DIR": str(self.store / "tox"),
            "BIOT_PLUGIN_STORE": str(self.store / "packages"),
            "BIOT_PLUGIN_STATE": str(self.folder / "state"),
        }


def scripts_of(job: Job) -> list[Step]:
    """The remaining commands; each runs in its own shell."""
    steps = [
        replace(step, script=re.sub(r"^\S*/tox ", "tox ", step.script))
        for step in job.steps
        if not any(re.fullmatch(known, step.script) for known in SETUP)
    ]
    if not job.one_shell:
        return steps
    return [replace(steps[0], script="\n".join(step.script for step in steps))]

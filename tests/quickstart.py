"""The main job as a user does it, for both languages.

copier copy, tox, tox -e package, every event sent to the ZIP. With a local BioT: publish, change, publish, roll back;
package and publish a container image; and create a patient through all three plugins.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from builder.publishing.state_folder import StateFolder
from sandbox.entities.templates.seed_templates import default_template_id
from sandbox.ums.accounts import ORGANIZATION
from tests.support.biot.fake_biot import running_biot
from tests.support.plugins.lambda_calls import (
    REPOSITORY,
    RuntimeClient,
    call_every_event,
    find_python,
    node_client,
    python_client,
    unpack_read_only,
)
from tests.support.sandbox.pushed_bases import push_base_to_local
from tests.support.sandbox.sandbox_command import started_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PYTHON_VERSIONS = ("3.13", "3.12", "3.14")
LANGUAGES = ("python", "javascript")
CHANGES = {
    "python": ("src/plugin/perform/nonspecific.py", "\n# Changed.\n"),
    "javascript": ("src/plugin/perform/nonspecific.js", "\n// Changed.\n"),
}
PATIENT = {
    "_name": {"firstName": "Synthetic", "lastName": "Patient"},
    "_email": "synthetic.patient@example.com",
    "_templateId": default_template_id("patient"),
    "_ownerOrganization": {"id": ORGANIZATION},
}


@dataclass
class LanguageRun:
    """The run of one language: the time of each step, and the results."""

    language: str
    seconds: dict[str, float] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Print the name of a step, and measure its time."""
        print(f"  {self.language}: {name} …", file=sys.stderr, flush=True)
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start


def main() -> int:
    """Run both languages, print the table, and return 0 when everything passed."""
    parser = argparse.ArgumentParser(prog="tox -e quickstart --", description=__doc__)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave the two plugin repositories in DIR")
    keep: Path | None = parser.parse_args().keep
    with tempfile.TemporaryDirectory(prefix="biot-quickstart-", ignore_cleanup_errors=True) as scratch:
        home = keep.resolve() if keep else Path(scratch)
        start = time.perf_counter()
        runs = [package_plugin(language, home, Path(scratch)) for language in LANGUAGES]
        with local_biot(Path(scratch)) as environ:
            for language_run in runs:
                publish(language_run, home, environ)
            image, seconds = publish_image(runs[0].facts["runtime"], home, environ)
            chain = create_patient([*LANGUAGES, "image"], home, environ)
        print_table(runs, time.perf_counter() - start)
        print(f"\nThe container image {image} was packaged and published in {seconds:.0f} s, without Docker.")
        print(f"\nA patient was created through the three plugins:\n\n{chain}")
        if keep:
            print(f"\nThe plugins are in {home}")
    return 0


def package_plugin(language: str, home: Path, scratch: Path) -> LanguageRun:
    """The first half for one language: from nothing to answered events."""
    language_run = LanguageRun(language)
    client, answers = choose_runtime(language, scratch)
    plugin = home / f"hello-{language}"
    with language_run.step("copier copy"):
        data = [part for name, value in answers.items() for part in ("--data", f"{name}={value}")]
        command(["-m", "copier", "copy", "--defaults", "--quiet", *data, str(REPOSITORY), str(plugin)], cwd=home)
    with language_run.step("tox"):
        command(["-m", "tox"], cwd=plugin)
    with language_run.step("tox -e package"):
        command(["-m", "tox", "-e", "package"], cwd=plugin)
    artifact = next((plugin / "dist").glob("*.zip"))
    report = json.loads(artifact.with_suffix(".report.json").read_text("utf-8"))
    with language_run.step("call every event"), running_biot() as biot:
        code = unpack_read_only(artifact, scratch / f"code-{language}")
        statuses = check_answers(call_every_event(client, code, plugin / "events", biot))
    language_run.facts = {
        "runtime": answers["runtime"],
        "called through": client.label,
        "ZIP": f"{artifact.stat().st_size:,} bytes, {report['artifact']['files']} files",
        "sha256": report["artifact"]["sha256"][:24] + "…",
        "tree digest": report["artifact"]["treeDigest"].removeprefix("sha256:")[:24] + "…",
        "events": f"{len(statuses)} answered with {', '.join(sorted(set(statuses)))}",
    }
    return language_run


@contextmanager
def local_biot(scratch: Path) -> Iterator[Mapping[str, str]]:
    """Start a local BioT with ``biot-plugin sandbox``; yield the environment variables with which it is ``local``."""
    environ = {**users_environment(), "BIOT_PLUGIN_STATE": str(scratch / "state")}
    argv = [sys.executable, "-m", "builder", "sandbox", "--port", "0"]
    with started_sandbox(argv, {**environ, "PYTHONPATH": str(REPOSITORY)}):
        yield environ


def publish(language_run: LanguageRun, home: Path, environ: Mapping[str, str]) -> None:
    """The second half for one language: publish, change, publish again, roll back."""
    plugin = home / f"hello-{language_run.language}"
    with language_run.step("tox -e publish"):
        command(["-m", "tox", "-e", "publish", "--", "-e", "local"], cwd=plugin, environ=environ)
    perform, comment = CHANGES[language_run.language]
    with (plugin / perform).open("a", encoding="utf-8") as file:
        file.write(comment)
    with language_run.step("change, publish again"):
        command(["-m", "tox", "-e", "publish", "--", "-e", "local"], cwd=plugin, environ=environ)
    [program] = [*plugin.glob(".tox/publish/bin/biot-plugin"), *plugin.glob(".tox/publish/Scripts/biot-plugin.cmd")]
    with language_run.step("roll back"):
        run([str(program), "rollback", "-e", "local"], cwd=plugin, environ=environ)
    shown = json.loads(run([str(program), "show", "-e", "local", "--json"], cwd=plugin, environ=environ))["plugin"]
    language_run.facts["on the local BioT"] = f"version {shown['version']}, the code of version 1 again"
    digest = language_run.facts["tree digest"].rstrip("…")
    if shown["version"] != 3 or digest not in shown["treeDigest"]:
        message = f"after publish, publish and rollback BioT should have version 3 with the first code: {shown}"
        raise SystemExit(message)


def publish_image(runtime: str, home: Path, environ: Mapping[str, str]) -> tuple[str, float]:
    """Package and publish a plugin as a container image; return its tag and the seconds.

    AWS's base image cannot be downloaded everywhere, so the local BioT's registry has a small one of the same layout.
    """
    start = time.perf_counter()
    plugin = home / "hello-image"
    print("  image: copier copy, tox -e lock, tox -e publish …", file=sys.stderr, flush=True)
    answers = ["--data", "package_type=image", "--data", f"runtime={runtime}"]
    command(["-m", "copier", "copy", "--defaults", "--quiet", *answers, str(REPOSITORY), str(plugin)], cwd=home)
    state = StateFolder(folder=Path(environ["BIOT_PLUGIN_STATE"]))
    base = push_base_to_local(state, runtime.removeprefix("python"))
    manifest = plugin / "plugin.toml"
    text = manifest.read_text("utf-8")
    manifest.write_text(text.replace("[build.image]", f'[build.image]\nbase = "{base}"'), "utf-8")
    for arguments in (["lock"], ["package"], ["publish", "--", "-e", "local"]):
        command(["-m", "tox", "-e", *arguments], cwd=plugin, environ=environ)
    layout = next((plugin / "dist").glob("*.oci"))
    manifests = json.loads((layout / "index.json").read_text("utf-8"))["manifests"]
    return f"{layout.name}, {manifests[0]['digest'][:19]}…", time.perf_counter() - start


def create_patient(names: list[str], home: Path, environ: Mapping[str, str]) -> str:
    """Enable all plugins, create a patient on the local BioT, and return the chain as ``activity show`` prints it."""
    for name in names:
        enable = ["-m", "builder", "enable", f"hello-{name}", "-e", "local"]
        command(enable, cwd=home / f"hello-{name}", environ=environ)
    patient = home / "patient.json"
    patient.write_text(json.dumps(PATIENT), "utf-8")
    call = ["-m", "builder", "trigger", "POST/organization/v1/users/patients", "--data", f"@{patient}", "--json"]
    chain = json.loads(run([sys.executable, *call], cwd=home, environ=environ))["chain"]
    called = {(step["name"], step["listener"], (step["response"] or {}).get("status")) for step in chain["steps"]}
    expected = {(hook, f"Plugin-hello-{name}", 200) for hook in ("PRE_REQUEST", "NOTIFICATION") for name in names}
    if chain["response"]["status"] != 201 or not expected <= called:
        message = f"the creation of a patient did not go through all plugins: {json.dumps(chain, indent=2)}"
        raise SystemExit(message)
    return run([sys.executable, "-m", "builder", "activity", "show", str(chain["id"])], cwd=home, environ=environ)


def choose_runtime(language: str, scratch: Path) -> tuple[RuntimeClient, dict[str, str]]:
    """The runtime client, and the answers to Copier; for Python, a common runtime that this machine can run."""
    if language == "javascript":
        return node_client(), {"language": language, "runtime": "nodejs22.x"}
    for version in PYTHON_VERSIONS:
        if interpreter := find_python(version):
            client = python_client(interpreter, scratch / f"runtime-{version}")
            return client, {"language": language, "runtime": f"python{version}"}
    message = f"no Python {' or '.join(PYTHON_VERSIONS)} here to call the ZIP with: try `uv python install 3.13`"
    raise SystemExit(message)


def check_answers(answers: dict[str, dict[str, object]]) -> list[str]:
    """The status of each answer; any status but 200 ends the run."""
    wrong = {name: answer for name, answer in answers.items() if answer.get("statusCode") != 200}
    if wrong:
        message = f"These events did not get a 200: {json.dumps(wrong, indent=2)}"
        raise SystemExit(message)
    return [str(answer["statusCode"]) for answer in answers.values()]


def users_environment() -> dict[str, str]:
    """The environment of a user's shell, without the variables that tox sets for its own environments."""
    foreign = ("TOX_", "VIRTUAL_ENV", "PYTHON", "BIOT_PLUGIN_STATE")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}


def command(arguments: list[str], *, cwd: Path, environ: Mapping[str, str] | None = None) -> None:
    """Run a Python module as a user would; on failure show its whole output."""
    run([sys.executable, *arguments], cwd=cwd, environ=environ)


def run(argv: list[str], *, cwd: Path, environ: Mapping[str, str] | None = None) -> str:
    """Run a program and return its standard output; on failure show its whole output."""
    cwd.mkdir(parents=True, exist_ok=True)
    environ = users_environment() if environ is None else environ
    done = subprocess.run(argv, cwd=cwd, env=dict(environ), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        message = f"{' '.join(argv)} (in {cwd}) failed with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        raise SystemExit(message)
    return done.stdout


def print_table(runs: list[LanguageRun], seconds: float) -> None:
    """Print the two runs side by side."""
    rows = [("", *(language_run.language for language_run in runs))]
    rows += [(name, *(f"{language_run.seconds[name]:.1f} s" for language_run in runs)) for name in runs[0].seconds]
    rows += [(name, *(language_run.facts[name] for language_run in runs)) for name in runs[0].facts]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print()
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(f"\nBoth plugins were generated, tested, packaged, called and published in {seconds:.0f} s.")


if __name__ == "__main__":
    raise SystemExit(main())

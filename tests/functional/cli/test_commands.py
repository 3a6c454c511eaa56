"""The output and the exit code of each command, for people and for machines."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import click
import pytest

from builder.cli.app import COMMAND_GROUPS, COMMANDS, cli, run
from tests.functional.cli.conftest import REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.cli.conftest import Call
    from tests.support.servers.package_registries import PythonIndex

HEAVY = ("rich", "copier", "jsonschema_rs", "tree_sitter", "pathspec", "packaging", "importlib.metadata", "ssl")


def test_the_version_imports_nothing_heavy(biot_plugin_process: Call, tmp_path: Path) -> None:
    done = biot_plugin_process("--version", cwd=tmp_path, PYTHONPROFILEIMPORTTIME="1")
    imported = {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if "|" in line}

    assert done.stdout == "biot-plugin, version 0.1.0\n"
    assert "click" in imported
    assert imported.isdisjoint(HEAVY)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process; the next test reads the help of a real one."""
    monkeypatch.setenv("COLUMNS", "80")
    code = run([command, "--help"])
    printed = capsys.readouterr().out

    assert code == 0
    assert "Usage: biot-plugin" in printed
    assert [line for line in printed.splitlines() if len(line) > 80] == []
    assert f"  biot-plugin {command}" in printed or f"(biot-plugin {command}" in printed


def test_help_lists_every_command_below_its_heading_on_one_line(biot_plugin_process: Call, tmp_path: Path) -> None:
    lines = biot_plugin_process("--help", cwd=tmp_path, COLUMNS="80").stdout.splitlines()
    first_sentence = " ".join(line.strip() for line in lines[2:4])

    assert first_sentence == "Start, build, publish and operate plugins for BioT, and run a local BioT to test them."
    for heading, names in COMMAND_GROUPS.items():
        start = lines.index(f"{heading}:") + 1
        section = lines[start : start + len(names)]
        assert [line.split()[0] for line in section] == list(names)
        assert all(line.endswith(".") and len(line) <= 80 for line in section)
        assert lines[start + len(names)] == ""


def every_command() -> list[tuple[str, click.Command]]:
    context = click.Context(cli)
    commands = [(name, cli.get_command(context, name)) for name in COMMANDS]
    found = [(name, command) for name, command in commands if command is not None]
    groups = [(name, command) for name, command in found if isinstance(command, click.Group)]
    return found + [(f"{name} {sub}", one) for name, group in groups for sub, one in group.commands.items()]


@pytest.mark.parametrize(("path", "command"), every_command(), ids=[path for path, _ in every_command()])
def test_every_command_and_subcommand_starts_with_a_sentence_and_has_an_example(
    path: str, command: click.Command
) -> None:
    short, (first, *_) = command.get_short_help_str(200), (command.help or "").split("\n\n")

    assert short[0].isupper()
    assert short.endswith(".")
    assert len(short) <= 60
    assert first[0].isupper()
    assert first.endswith(".")
    assert f"biot-plugin {path}" in (command.epilog or "")
    assert all(
        not isinstance(one, click.Option) or (one.help or "x").endswith((".", "default.")) for one in command.params
    )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_that_asks_biot_plugin(shell: str, biot_plugin: Call, tmp_path: Path) -> None:
    done = biot_plugin("completion", shell, cwd=tmp_path)

    assert done.returncode == 0
    assert "_BIOT_PLUGIN_COMPLETE" in done.stdout


def test_package_works_from_a_subfolder_and_prints_what_it_wrote(biot_plugin_process: Call, plugin: Path) -> None:
    done = biot_plugin_process("package", cwd=plugin / "src" / "deep" / "er")

    assert (done.returncode, done.stderr) == (0, "")
    assert zipfile.ZipFile(plugin / "dist" / "age-calculator-3.zip").namelist() == ["index.py"]
    assert max(len(line) for line in done.stdout.splitlines()) <= 80
    assert "\x1b" not in done.stdout


def test_a_second_run_writes_nothing_and_prints_so(biot_plugin: Call, plugin: Path) -> None:
    biot_plugin("package", cwd=plugin)
    before = {file: file.stat().st_mtime_ns for file in (plugin / "dist").iterdir()}
    done = biot_plugin("package", cwd=plugin)

    assert done.stdout.startswith("dist/age-calculator-3.zip is up to date")
    assert {file: file.stat().st_mtime_ns for file in (plugin / "dist").iterdir()} == before


def test_a_damaged_artifact_is_built_again(biot_plugin: Call, plugin: Path) -> None:
    biot_plugin("package", cwd=plugin)
    artifact = plugin / "dist" / "age-calculator-3.zip"
    good = artifact.read_bytes()
    artifact.write_bytes(good[:-1] + b"x")
    done = biot_plugin("package", cwd=plugin)

    assert done.returncode == 0
    assert artifact.read_bytes() == good


def test_package_and_inspect_print_the_same_digests(biot_plugin: Call, plugin: Path) -> None:
    packaged = json.loads(biot_plugin("package", "--json", cwd=plugin).stdout)
    inspected = json.loads(biot_plugin("inspect", "--json", packaged["artifact"], cwd=plugin).stdout)

    assert packaged["status"] == "done"
    assert packaged["report"]["artifact"]["sha256"] == inspected["artifact"]["sha256"]
    assert packaged["report"]["artifact"]["treeDigest"] == inspected["artifact"]["treeDigest"]


def test_locked_packages_come_from_the_store_the_second_time(
    biot_plugin_process: Call, plugin: Path, index: PythonIndex
) -> None:
    index.wheel("sample-package", "1.2")
    (plugin / "pyproject.toml").write_text(
        '[project]\nname = "p"\nversion = "1"\ndependencies = ["sample-package"]\n', "utf-8"
    )
    refused = biot_plugin_process("package", cwd=plugin)
    locked = biot_plugin_process("lock", cwd=plugin)
    asked = len(index.requests)
    packaged = biot_plugin_process("package", cwd=plugin)

    assert refused.returncode == 5
    assert "biot-plugin lock" in refused.stderr
    assert "sample-package 1.2" in locked.stdout
    assert packaged.returncode == 0
    assert len(index.requests) == asked
    assert "sample_package/__init__.py" in zipfile.ZipFile(plugin / "dist" / "age-calculator-3.zip").namelist()


def test_check_reports_problems_of_manifest_and_handler_together(biot_plugin: Call, plugin: Path) -> None:
    (plugin / "src" / "index.py").write_text("async def handler(event, context): ...\n", "utf-8")
    manifest = plugin / "plugin.toml"
    manifest.write_text(
        manifest.read_text("utf-8") + 'timeot = 3\nmemorySize = 12\ncronSchedule = "0 29 * * ? *"\n', "utf-8"
    )
    done = biot_plugin("check", "--json", cwd=plugin)
    document = json.loads(done.stdout)

    assert done.returncode == document["exitCode"] == 3
    assert [problem["key"] for problem in document["problems"]] == [
        "plugin.timeot",
        "plugin.memorySize",
        "plugin.cronSchedule",
        "plugin.handler",
    ]
    assert "timeout" in document["problems"][0]["hint"]
    assert all(problem["message"] and problem["file"] and problem["line"] for problem in document["problems"])


@pytest.mark.parametrize(
    ("arguments", "change", "code", "message"),
    [
        (["packag"], {}, 2, "No such command 'packag'"),
        (["package", "--bogus"], {}, 2, "No such option"),
        (["check", "-e", "dev"], {}, 2, "Unknown environment"),
        (["check"], {"plugin.toml": None}, 4, "No plugin.toml found"),
        (["check"], {"src/index.py": None}, 4, "which does not exist"),
        (["package"], {"pyproject.toml": '[project]\ndependencies = ["requests"]\n'}, 5, "`biot-plugin lock`"),
        (["package"], {"src/json.py": ""}, 6, "hides one of Python or Lambda"),
        (["inspect", "plugin.toml"], {}, 7, "plugin.toml"),
        (["publish"], {}, 8, "No environment given."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_each_failure_has_its_exit_code_and_message(
    arguments: list[str], change: dict[str, str | None], code: int, message: str, project: tuple[Call, Path]
) -> None:
    biot_plugin, plugin = project
    for name, text in change.items():
        if text is None:
            (plugin / name).unlink()
        else:
            (plugin / name).write_text(text, "utf-8")
    (plugin / ".git").mkdir(exist_ok=True)  # the search for plugin.toml ends at the top of the repository
    done = biot_plugin(*arguments, cwd=plugin)

    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (plugin / "dist").exists()


def test_a_name_with_control_characters_does_not_reach_the_terminal(biot_plugin: Call, plugin: Path) -> None:
    (plugin / "src" / "a\x1b]0;owned\x07.py").write_text("", "utf-8")
    done = biot_plugin("package", cwd=plugin)

    assert done.returncode == 4
    assert "\x1b" not in done.stderr
    assert "\x07" not in done.stderr


def test_a_disk_that_fills_up_leaves_nothing_half_written(plugin: Path, tmp_path: Path) -> None:
    (plugin / "src" / "data.bin").write_bytes(bytes(range(256)) * 4096)
    argv = [sys.executable, "-m", "builder", "package"]
    done = subprocess.run(
        argv,
        cwd=plugin,
        env={
            "BIOT_PLUGIN_STORE": str(tmp_path / "store"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(REPOSITORY),
        },
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 6, done.stderr
    assert "cannot be written" in done.stderr
    assert list((plugin / "dist").iterdir()) == []


@pytest.mark.exhaustive
def test_an_interrupt_while_fetching_leaves_nothing_and_ends_with_130(
    plugin: Path, tmp_path: Path, index: PythonIndex
) -> None:
    digest = index.wheel("slow-package", "1.0").removeprefix("sha256:")
    (plugin / "pyproject.toml").write_text('[project]\ndependencies = ["slow-package"]\n', "utf-8")
    argv = [sys.executable, "-m", "builder"]
    variables = {**os.environ, "PYTHONPATH": str(REPOSITORY), "BIOT_PLUGIN_STORE": str(tmp_path / "store")}
    subprocess.run([*argv, "lock"], cwd=plugin, env=variables, check=True, capture_output=True)
    variables["BIOT_PLUGIN_STORE"] = str(tmp_path / "another store")
    index.requested.clear()
    index.delay_seconds = 3
    with subprocess.Popen(
        [*argv, "package"], cwd=plugin, env=variables, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert index.requested.wait(30)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "Interrupted" in stderr
    assert "Traceback" not in stderr
    assert not (plugin / "dist").exists()
    assert not list((tmp_path / "another store").glob(f"packs/*/{digest}*"))

"""``biot-plugin package --all`` as people and machines see it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.cli.conftest import Call

GOOD = "def handler(event, context):\n    return None\n"


@pytest.fixture
def monorepo(tmp_path: Path) -> Path:
    for name, source in {"a": GOOD, "b": "x = 1\n", "c/c": GOOD}.items():
        folder = tmp_path / "repo" / name
        (folder / "src").mkdir(parents=True)
        (folder / "src" / "index.py").write_text(source, "utf-8")
        settings = f'name = "{folder.name}"\ndisplayName = "D"\nversion = 1\nruntime = "python3.13"\n'
        (folder / "plugin.toml").write_text(f"[plugin]\n{settings}", "utf-8")
    return tmp_path / "repo"


def test_each_plugin_has_a_line_and_the_worst_decides_the_exit_code(biot_plugin: Call, monorepo: Path) -> None:
    done = biot_plugin("package", "--all", cwd=monorepo)

    assert done.returncode == 4
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [(line[0], line[-1]) for line in lines[2:5]] == [("a", "packaged"), ("b", "failed"), ("c/c", "packaged")]
    assert done.stdout.splitlines()[-1] == "3 plugins: 2 packaged, 1 failed"
    assert "b/src/index.py" in done.stderr


def test_json_is_one_document_with_the_output_of_each_plugin(biot_plugin: Call, monorepo: Path) -> None:
    done = biot_plugin("package", "--all", "--json", str(monorepo), cwd=monorepo.parent)
    alone = biot_plugin("package", "--json", cwd=monorepo / "a")

    document = json.loads(done.stdout)
    assert (document["status"], document["exitCode"], done.returncode) == ("error", 4, 4)
    assert [one["plugin"] for one in document["plugins"]] == ["a", "b", "c/c"]
    assert document["plugins"][1]["kind"] == "project"
    assert document["plugins"][0] == {"plugin": "a", **json.loads(alone.stdout), "status": "done"}


def test_a_shard_is_a_part_of_the_plugins_and_may_be_empty(biot_plugin: Call, monorepo: Path) -> None:
    first = biot_plugin("package", "--all", "--shard", "1/2", cwd=monorepo)
    last = biot_plugin("package", "--all", "--shard", "9/9", cwd=monorepo)

    assert first.stdout.splitlines()[-1] == "2 plugins: 1 packaged, 1 failed"
    assert biot_plugin("package", "--all", "--shard", "2/2", cwd=monorepo).stdout.splitlines()[2].startswith("c/c ")
    assert (last.returncode, last.stdout) == (0, "0 plugins: this part has none\n")


def test_a_second_run_says_the_same_with_and_without_records(biot_plugin: Call, monorepo: Path) -> None:
    time.sleep(0.06)  # a build of fresh files is not recorded
    biot_plugin("package", "--all", cwd=monorepo)
    recorded = biot_plugin("package", "--all", cwd=monorepo)
    compared = biot_plugin("package", "--all", "-o", "out", cwd=monorepo)
    again = biot_plugin("package", "--all", "-o", "out", cwd=monorepo)
    document = json.loads(biot_plugin("package", "--all", "--json", cwd=monorepo).stdout)

    assert recorded.stdout == again.stdout
    assert recorded.stdout.splitlines()[-1] == "3 plugins: 2 up to date, 1 failed"
    assert compared.stdout.splitlines()[-1] == "3 plugins: 2 packaged, 1 failed"
    assert (recorded.returncode, again.returncode) == (4, 4)
    assert [one["status"] for one in document["plugins"]] == ["nothing-to-do", "error", "nothing-to-do"]
    assert all("report" in one for one in document["plugins"] if one["status"] == "nothing-to-do")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--all", "--shard", "3/2"), "'3/2' is not I/N"),
        (("--shard", "1/2"), "need --all"),
        (("a",), "need --all"),
        (("--all", "--project", "a"), "--project names one plugin"),
    ],
)
def test_options_that_exclude_each_other_are_rejected(
    arguments: tuple[str, ...], message: str, biot_plugin: Call, monorepo: Path
) -> None:
    done = biot_plugin("package", *arguments, cwd=monorepo)

    assert done.returncode == 2
    assert message in done.stderr

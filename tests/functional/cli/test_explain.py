"""`biot-plugin explain`, and the codes that other commands print."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.cli.conftest import Call


def test_the_code_of_a_problem_leads_to_its_cause_and_fix(biot_plugin: Call, plugin: Path) -> None:
    manifest = plugin / "plugin.toml"
    manifest.write_text(manifest.read_text("utf-8").replace('name = "age-calculator"', 'name = "age calculator"'))
    checked = biot_plugin("check", cwd=plugin)
    [code] = [line.rpartition("[")[2].rstrip("]") for line in checked.stderr.splitlines() if "plugin.name" in line]
    explained = biot_plugin("explain", f"[{code}]", cwd=plugin)

    assert checked.stderr.splitlines()[-1].endswith("[manifest]")
    assert code == "manifest-plugin-name"
    assert explained.returncode == 0
    assert explained.stdout.startswith("The name of the plugin [manifest-plugin-name], exit code 3\n\nCause:\n")
    assert '  name = "age-calculator"' in explained.stdout


def test_machines_get_the_same_codes(biot_plugin: Call, plugin: Path) -> None:
    (plugin / "plugin.toml").write_text("name = ", "utf-8")
    document = json.loads(biot_plugin("check", "--json", cwd=plugin).stdout)
    explained = json.loads(biot_plugin("explain", document["problems"][0]["code"], "--json", cwd=plugin).stdout)

    assert (document["kind"], explained["code"], explained["exitCode"]) == ("manifest", "manifest-syntax", 3)


def test_without_a_code_all_are_listed_and_a_misspelt_one_gets_a_suggestion(biot_plugin: Call, tmp_path: Path) -> None:
    listed = biot_plugin("explain", cwd=tmp_path).stdout
    refused = biot_plugin("explain", "manifest-runtme", cwd=tmp_path)

    assert {"usage", "manifest-runtime", "conflict"} <= {line.split(" ")[0] for line in listed.splitlines()}
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "Did you mean manifest-runtime?" in refused.stderr


def test_codes_are_completed(biot_plugin_process: Call, tmp_path: Path) -> None:
    completing = {
        "_BIOT_PLUGIN_COMPLETE": "bash_complete",
        "COMP_WORDS": "biot-plugin explain manifest-r",
        "COMP_CWORD": "2",
    }
    done = biot_plugin_process(cwd=tmp_path, **completing)

    assert done.stdout.split() == ["plain,manifest-runtime"]

"""A secret among the plugin's own files stops every command that would build it in; one place allows a false alarm."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING

from tests.functional.cli.conftest import biot_plugin, plugin

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.cli.conftest import Call

__all__ = ["biot_plugin", "plugin"]

TOKEN = "ghp_" + "".join("aB3kQ9zX"[place % 8] for place in range(36))
WHY = "it is the sample of a document"


def hide_two(plugin: Path) -> None:
    (plugin / "src" / "client.py").write_text(f"import os\n\nTOKEN = '{TOKEN}'\n")
    (plugin / "src" / "data.json").write_text('{"password": "Kl4tsch!mohn"}\n')


def allow(plugin: Path, *places: str) -> None:
    lines = "".join(f'"{place}" = "{WHY}"\n' for place in places)
    with (plugin / "plugin.toml").open("a") as file:
        file.write(f"[build.allow-secrets]\n{lines}")


def test_every_secret_stops_the_build_before_anything_is_written(biot_plugin: Call, plugin: Path) -> None:
    hide_two(plugin)
    for command in ("check", "package"):
        done = biot_plugin(command, cwd=plugin)

        assert done.returncode == 4
        assert "src/client.py:3: This is a GitHub token: ghp_… (40 characters)." in done.stderr
        assert "src/data.json:1: This is a password: password = … (12 characters)." in done.stderr
        assert '      [build.allow-secrets]\n      "src/client.py:github-token" = "why"\n' in done.stderr
        assert TOKEN not in done.stdout + done.stderr
        assert "Kl4tsch" not in done.stdout + done.stderr
    assert not (plugin / "dist").exists()


def test_a_suggested_setting_can_be_pasted_and_solves_the_problem(biot_plugin: Call, plugin: Path) -> None:
    (plugin / "src" / "client.py").write_text(f"TOKEN = '{TOKEN}'\n")
    (plugin / "src" / "mockEvent.js").write_text(f"export const token = '{TOKEN}';\n")
    document = json.loads(biot_plugin("check", "--json", cwd=plugin).stdout)
    settings = {problem["file"]: problem["setting"] for problem in document["problems"]}

    assert settings["src/mockEvent.js"] == '[build]\nexclude = ["mockEvent.js"]'
    with (plugin / "plugin.toml").open("a") as file:
        file.writelines(f"{setting}\n" for setting in settings.values())
    assert biot_plugin("check", cwd=plugin).returncode == 0


def jwt(**claims: object) -> str:
    """A token made now; only its claims are read."""

    def part(document: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'RS512', 'typ': 'JWT'})}.{part({'sub': 'somebody', **claims})}.{'aB3kQ9zX' * 5}"


def test_an_expired_token_is_a_warning_and_every_other_one_an_error(biot_plugin: Call, plugin: Path) -> None:
    event = plugin / "src" / "event.json"
    past, future = time.time() - 60, time.time() + 86400
    event.write_text(json.dumps({"token": jwt(exp=past)}))
    done = biot_plugin("check", cwd=plugin)
    assert done.returncode == 0
    assert "warning: src/event.json:1: This is a signed token (JWT) that has expired" in done.stderr
    for alive in (jwt(exp=future), jwt(), jwt(exp="yesterday"), jwt(exp=True), jwt(iat=past)):
        event.write_text(json.dumps({"old": jwt(exp=past), "token": alive}))  # on one line
        assert biot_plugin("check", cwd=plugin).returncode == 4


def test_a_false_alarm_is_allowed_in_one_file_with_a_reason(biot_plugin: Call, plugin: Path) -> None:
    hide_two(plugin)
    allow(plugin, "src/client.py:github-token", "src/data.json:password", "src/index.py:jwt")
    done = biot_plugin("package", "--json", cwd=plugin)
    document = json.loads(done.stdout)

    assert (done.returncode, document["status"]) == (0, "done")
    assert [warning["key"] for warning in document["warnings"]] == ['build.allow-secrets."src/index.py:jwt"']


def test_an_artifact_is_not_reused_after_an_allowance_is_removed(biot_plugin: Call, plugin: Path) -> None:
    hide_two(plugin)
    before = (plugin / "plugin.toml").read_text()
    allow(plugin, "src/client.py:github-token", "src/data.json:password")
    assert biot_plugin("package", cwd=plugin).returncode == 0
    (plugin / "plugin.toml").write_text(before)

    assert biot_plugin("package", cwd=plugin).returncode == 4


def test_a_variable_with_a_known_token_is_an_error_in_every_environment_unless_it_is_allowed(
    biot_plugin: Call, plugin: Path
) -> None:
    before = (plugin / "plugin.toml").read_text()
    address = '[environments.dev]\nbaseUrl = "https://a.example.com"\n'
    for table in ("plugin", "environments.dev"):
        text = f'{before}{address}[{table}.environmentVariables]\nVENDOR_KEY = "{TOKEN}"\n'
        (plugin / "plugin.toml").write_text(text)
        for command in ("check", "package"):
            done = biot_plugin(command, cwd=plugin)
            assert done.returncode == 4
            assert f"{table}.environmentVariables.VENDOR_KEY: This value looks like a GitHub token" in done.stderr
            assert TOKEN not in done.stdout + done.stderr
        allow(plugin, "plugin.toml:github-token")
        assert json.loads(biot_plugin("check", "--json", cwd=plugin).stdout)["warnings"] == []


def test_a_variable_that_looks_like_a_secret_is_a_warning_with_the_reason(biot_plugin: Call, plugin: Path) -> None:
    with (plugin / "plugin.toml").open("a") as file:
        file.write(
            "[plugin.environmentVariables]\n"
            f'VENDOR_KEY = "{jwt(exp=1)}"\nDB_PASSWORD = "Kl4tsch!mohn"\nLOG_LEVEL = "INFO"\nTOKEN_URL = "https://a.b/c"\n'
        )
    for command in ("check", "package", "package"):
        document = json.loads(biot_plugin(command, "--json", cwd=plugin).stdout)

        assert [warning["key"] for warning in document["warnings"]] == [
            "plugin.environmentVariables.VENDOR_KEY",
            "plugin.environmentVariables.DB_PASSWORD",
        ]
        assert all("in clear text" in warning["message"] for warning in document["warnings"])
        assert TOKEN not in json.dumps(document["warnings"])


def test_a_key_file_that_include_adds_is_found_too(biot_plugin: Call, plugin: Path) -> None:
    (plugin / "src" / ".env").write_text("LEVEL=info\n")
    assert biot_plugin("check", cwd=plugin).returncode == 0
    with (plugin / "plugin.toml").open("a") as file:
        file.write('[build]\ninclude = [".env"]\n')
    done = biot_plugin("check", cwd=plugin)

    assert done.returncode == 4
    assert "src/.env:1: This is a .env file with values" in done.stderr

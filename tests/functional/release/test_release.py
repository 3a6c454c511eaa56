"""plan, publish, rollback and history, from the command line, with a local BioT."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from builder.platform.reserved_variables import TREE_DIGEST_NAME, TREE_VERSION_NAME
from sandbox.faults import FAULT_KINDS, FaultRule, Scenario
from tests.functional.release.conftest import MANIFEST, name_local_biot
from tests.support.repetitions import exhaustive_after
from tests.support.sandbox.pushed_images import push_tags
from tests.support.sandbox.running_sandbox import running_sandbox
from tests.support.servers.package_registries import Registry, served
from tests.unit.secrets.test_kinds import TOKENS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.release.conftest import PublisherMachine
    from tests.support.sandbox.running_sandbox import Sandbox

LOCAL = ("-e", "local")


def stored(biot: Sandbox) -> dict[str, Any]:
    """The plugin as the local BioT has it."""
    answer = biot.call("GET", "/settings/v2/plugins/Plugin-age-calculator", token=biot.token())
    assert answer.status == 200
    body: dict[str, Any] = answer.body
    return body


def change(biot: Sandbox, code: bytes = b"", **fields: object) -> None:
    """Somebody else changes settings, or code in the Console."""
    parts = {'name="config"': json.dumps(fields).encode(), 'name="code"; filename="a.zip"': code}
    sent = b"".join(
        b"--x\r\nContent-Disposition: form-data; " + name.encode() + b"\r\n\r\n" + data + b"\r\n"
        for name, data in parts.items()
        if data
    )
    answer = biot.call(
        "PATCH",
        "/settings/v2/plugins/Plugin-age-calculator",
        token=biot.token(),
        body=sent + b"--x--\r\n",
        headers={"content-type": "multipart/form-data; boundary=x"},
    )
    assert answer.status == 200, answer.body


def test_plan_publish_change_publish_again_and_roll_back(machine: PublisherMachine, biot: Sandbox) -> None:
    planned = machine("plan", *LOCAL)
    assert planned.code == 10
    assert "+ subscriptions.notifications  device _create" in planned.out
    assert "+ memorySize  256" in planned.out

    first = machine("publish", *LOCAL)
    assert (first.code, first.err) == (0, "")
    assert "\ndone: age-calculator in local, version none → 1, code sha256:" in first.out
    assert stored(biot)["environmentVariables"][TREE_VERSION_NAME] == "1"
    assert machine("plan", *LOCAL).code == 0

    machine.write(answer=2, memory=512)
    planned = machine("plan", *LOCAL)
    assert planned.code == 10
    assert "~ version  1 → 2" in planned.out
    assert "~ memorySize  256 → 512" in planned.out
    second = machine("publish", *LOCAL, "--json")
    assert (second.code, second.document["verdict"], second.document["version"]) == (0, "done", 2)

    back = machine("rollback", *LOCAL)
    assert back.code == 0
    assert "version 2 → 3" in back.out
    now = stored(biot)
    assert (now["version"], now["memorySize"]) == (3, 256)
    assert now["environmentVariables"][TREE_DIGEST_NAME] == second.document["treeDigestFrom"]
    assert machine("rollback", *LOCAL, "--to", "2").code == 0
    assert (stored(biot)["version"], stored(biot)["memorySize"]) == (4, 512)


def test_a_second_publish_sends_nothing(machine: PublisherMachine, biot: Sandbox) -> None:
    machine("publish", *LOCAL)
    before = stored(biot)
    again = machine("publish", *LOCAL, "--json")

    assert (again.code, again.document["status"], again.document["requests"]) == (0, "nothing-to-do", 0)
    assert stored(biot) == before
    assert len(machine("history", "--json").document["entries"]) == 1


def test_settings_alone_keep_the_version_and_the_code(machine: PublisherMachine, biot: Sandbox) -> None:
    machine("publish", *LOCAL)
    machine.write(level="hush-DEBUG")
    planned = machine("plan", *LOCAL)
    done = machine("publish", *LOCAL, "--json")

    assert "~ environmentVariables.LOG_LEVEL  (values of variables are not shown)" in planned.out
    assert (done.document["code"], done.document["version"], done.document["versionTo"]) == (False, 1, 1)
    assert stored(biot)["environmentVariables"]["LOG_LEVEL"] == "hush-DEBUG"


def test_values_of_variables_are_only_in_the_retained_settings(machine: PublisherMachine, biot: Sandbox) -> None:
    results = [
        machine(*arguments)
        for arguments in (
            ("plan", *LOCAL, "--json"),
            ("publish", *LOCAL),
            ("plan", *LOCAL, "--out", str(machine.plugin / "plan.json")),
            ("history", "--json"),
        )
    ]
    texts = "".join(result.out + result.err for result in results) + (machine.plugin / "plan.json").read_text()
    journal = "".join(file.read_text() for file in machine.state.journal.rglob("*") if file.is_file())

    assert stored(biot)["environmentVariables"]["LOG_LEVEL"] == "hush-INFO"
    assert "hush" not in texts + journal
    assert biot.service_user.secret_key not in texts + journal
    assert all(file.stat().st_mode & 0o077 == 0 for file in machine.state.folder.rglob("*"))


def test_code_uploaded_by_hand_is_noticed(machine: PublisherMachine, biot: Sandbox) -> None:
    machine("publish", *LOCAL)
    change(biot, (machine.plugin / "dist" / "age-calculator-1.zip").read_bytes(), version=2)
    planned = machine("plan", *LOCAL, "--json")

    assert planned.code == 10
    assert (planned.document["code"], planned.document["versionTo"]) == (True, 3)
    assert "was not published by this kit" in planned.document["notes"][0]


def test_publish_refuses_to_deviate_from_a_plan(machine: PublisherMachine, biot: Sandbox) -> None:
    machine("publish", *LOCAL)
    machine.write(answer=2)
    file = str(machine.plugin / "plan.json")
    assert machine("plan", *LOCAL, "--out", file).code == 10
    change(biot, timeout=77)
    stale = machine("publish", *LOCAL, "--plan", file, "--json")
    assert (stale.code, stale.document["kind"]) == (8, "stale-plan")
    assert "somebody changed the plugin" in stale.document["message"]

    machine("plan", *LOCAL, "--out", file)
    machine.write(answer=3)
    assert "the code changed since" in machine("publish", *LOCAL, "--plan", file).err
    machine.write(answer=2, level="other")
    assert "the settings in plugin.toml changed" in machine("publish", *LOCAL, "--plan", file).err
    machine.write(answer=2)
    assert stored(biot)["version"] == 1
    assert machine("publish", *LOCAL, "--plan", file).code == 0
    assert "nothing to do" in machine("publish", *LOCAL, "--plan", file).out


@pytest.mark.usefixtures("biot")
@pytest.mark.parametrize("text", ["", "{}", '{"schema": 1}', "[1]"])
def test_a_file_that_is_not_a_plan_is_reported(machine: PublisherMachine, text: str) -> None:
    (machine.plugin / "plan.json").write_text(text)
    done = machine("publish", *LOCAL, "--plan", str(machine.plugin / "plan.json"))

    assert done.code == 8
    assert "is not a plan of this version of the kit" in done.err


def state_in_toml(machine: PublisherMachine, state: str) -> None:
    manifest = machine.plugin / "plugin.toml"
    manifest.write_text(manifest.read_text().replace("version = 1\n", f'version = 1\nenabledState = "{state}"\n'))


def test_a_later_publish_keeps_the_state_that_enable_set(machine: PublisherMachine, biot: Sandbox) -> None:
    first = machine("publish", *LOCAL)
    assert stored(biot)["enabledState"] == "DISABLED"
    assert "note: The plugin is created disabled" in first.out
    assert ", created disabled, http" in first.out.splitlines()[-1]
    assert machine("enable", *LOCAL).code == 0

    assert machine("plan", *LOCAL).code == 0
    assert (
        machine("publish", *LOCAL)
        .out.splitlines()[-1]
        .startswith("nothing to do: age-calculator in local, version 1, en")
    )
    machine.write(answer=2)
    planned = machine("plan", *LOCAL, "--json").document
    assert (planned["enabledStateFrom"], planned["enabledStateTo"]) == ("ENABLED", "ENABLED")
    again = machine("publish", *LOCAL)
    assert ", enabled, http" in again.out.splitlines()[-1]
    assert machine("rollback", *LOCAL).code == 0
    assert (stored(biot)["version"], stored(biot)["enabledState"]) == (3, "ENABLED")


def test_a_state_in_plugin_toml_is_enforced_and_the_last_line_says_so(machine: PublisherMachine, biot: Sandbox) -> None:
    machine("publish", *LOCAL)
    machine("enable", *LOCAL)
    state_in_toml(machine, "DISABLED")

    planned = machine("plan", *LOCAL)
    assert "~ enabledState  ENABLED → DISABLED" in planned.out
    assert "note: This disables the plugin" in planned.out
    done = machine("publish", *LOCAL)
    assert ", now disabled, as plugin.toml says, http" in done.out.splitlines()[-1]
    machine("enable", *LOCAL)
    document = machine("publish", *LOCAL, "--json").document
    assert (document["enabledStateFrom"], document["enabledStateTo"]) == ("ENABLED", "DISABLED")
    assert (document["enabledState"], stored(biot)["enabledState"]) == ("DISABLED", "DISABLED")


def test_a_rollback_takes_the_state_from_the_current_plugin_toml(machine: PublisherMachine, biot: Sandbox) -> None:
    state_in_toml(machine, "ENABLED")
    machine("publish", *LOCAL)
    machine.write(answer=2)
    machine("publish", *LOCAL)
    machine("disable", *LOCAL)
    back = machine("rollback", *LOCAL, "--to", "1", "--json")
    assert (back.code, stored(biot)["version"], stored(biot)["enabledState"]) == (0, 3, "DISABLED")

    machine("enable", *LOCAL)
    state_in_toml(machine, "DISABLED")
    assert ", now disabled, as plugin.toml says" in machine("rollback", *LOCAL, "--to", "2").out
    assert (stored(biot)["version"], stored(biot)["enabledState"]) == (4, "DISABLED")


def test_a_new_state_in_plugin_toml_makes_a_plan_stale(machine: PublisherMachine, biot: Sandbox) -> None:
    machine("publish", *LOCAL)
    machine.write(answer=2)
    file = str(machine.plugin / "plan.json")
    machine("plan", *LOCAL, "--out", file)
    state_in_toml(machine, "ENABLED")
    assert "the settings in plugin.toml changed" in machine("publish", *LOCAL, "--plan", file).err
    assert (stored(biot)["version"], stored(biot)["enabledState"]) == (1, "DISABLED")


def test_disabled_first_ends_enabled_and_is_read_back_in_between(machine: PublisherMachine, biot: Sandbox) -> None:
    unclear = machine("publish", *LOCAL, "--disabled-first", "--json")
    assert (unclear.code, unclear.document["kind"]) == (8, "not-possible")
    state_in_toml(machine, "ENABLED")
    done = machine("publish", *LOCAL, "--disabled-first", "--json")

    assert (done.code, done.document["requests"], stored(biot)["enabledState"]) == (0, 2, "ENABLED")
    machine.write(answer=2)
    state_in_toml(machine, "ENABLED")
    assert machine("publish", *LOCAL, "--disabled-first", "--json").document["requests"] == 2
    assert (stored(biot)["version"], stored(biot)["enabledState"]) == (2, "ENABLED")


def test_a_prebuilt_artifact_is_published_unchanged(machine: PublisherMachine, biot: Sandbox) -> None:
    machine("package")
    artifact = str(machine.plugin / "dist" / "age-calculator-1.zip")
    machine.write(answer=2)  # the sources moved on; the artifact counts
    done = machine("publish", *LOCAL, "--artifact", artifact, "--json")
    report = json.loads((machine.plugin / "dist" / "age-calculator-1.report.json").read_text())

    assert (done.code, done.document["treeDigest"]) == (0, report["artifact"]["treeDigest"])
    assert stored(biot)["environmentVariables"][TREE_DIGEST_NAME] == report["artifact"]["treeDigest"]


def test_a_foreign_or_damaged_artifact_is_refused_before_anything_is_sent(
    machine: PublisherMachine, tmp_path: Path
) -> None:
    with served(Registry()) as canary:
        name_local_biot(machine.state, canary.url)
        machine("package")
        artifact = machine.plugin / "dist" / "age-calculator-1.zip"
        manifest = machine.plugin / "plugin.toml"
        manifest.write_text(manifest.read_text().replace("age-calculator", "other").replace("3.13", "3.12"))
        foreign = machine("publish", *LOCAL, "--artifact", str(artifact))
        assert (foreign.code, "built for name = age-calculator" in foreign.err) == (7, True)
        assert "built for runtime = python3.13" in foreign.err
        machine.write()
        artifact.write_bytes(artifact.read_bytes()[:-1])
        assert machine("publish", *LOCAL, "--artifact", str(artifact)).code == 7

        assert canary.requests == []
    assert tmp_path.exists()


def test_every_kind_of_secret_stops_before_the_first_byte_also_in_a_prebuilt_artifact(
    machine: PublisherMachine,
) -> None:
    """The artifact is built with every secret allowed; then the allowances are taken back."""
    for number, (_, line) in enumerate(TOKENS.values()):
        (machine.plugin / "src" / f"secret_{number}.txt").write_text(line)
    with served(Registry()) as canary:
        name_local_biot(machine.state, canary.url)
        fresh = machine("publish", *LOCAL, "--json")
        places = {
            problem["setting"].partition('[build.allow-secrets]\n"')[2].partition('"')[0]: 1
            for problem in fresh.document["problems"]
            if problem["severity"] == "error"
        }
        allowed = "".join(f'"{place}" = "a sample"\n' for place in places)
        machine.write(more=f"\n[build.allow-secrets]\n{allowed}")
        assert machine("package").code == 0
        machine.write()
        prebuilt = machine(
            "publish", *LOCAL, "--json", "--artifact", str(machine.plugin / "dist" / "age-calculator-1.zip")
        )

        assert len(places) >= 30
        assert (fresh.code, prebuilt.code) == (4, 4)
        assert {problem["file"] for problem in prebuilt.document["problems"] if problem["severity"] == "error"} == {
            place.partition(":")[0] for place in places
        }
        assert canary.requests == []


def test_an_image_is_published_by_its_tag(machine: PublisherMachine, biot: Sandbox) -> None:
    push_tags(biot, "one", "two")
    manifest = machine.plugin / "plugin.toml"
    image = MANIFEST.replace("version = 1", 'version = 1\ndeploymentPackageType = "IMAGE"')
    manifest.write_text(image.format(memory=256, level="x"))

    missing = machine("publish", *LOCAL, "--image-tag", "none-such", "--json")
    assert (missing.code, missing.document["kind"], missing.document["verdict"]) == (8, "refused", "not-applied")
    assert machine("publish", *LOCAL, "--image-tag", "one", "--json").document["treeDigest"] == "image:one"
    assert "nothing to do" in machine("publish", *LOCAL, "--image-tag", "one").out
    for unset in ("", "one:two", "a b"):  # an empty one is a variable of a pipeline that nobody set
        assert machine("publish", *LOCAL, "--image-tag", unset).code == 2
    assert machine("publish", *LOCAL, "--image-tag", "two", "--json").document["version"] == 2
    assert machine("rollback", *LOCAL, "--json").document["treeDigest"] == "image:one"
    assert stored(biot)["environmentVariables"][TREE_DIGEST_NAME] == "image:one"
    assert "is an image (.oci)" in machine("publish", *LOCAL, "--artifact", str(manifest)).err
    machine.write()
    assert "is a ZIP plugin" in machine("plan", *LOCAL, "--image-tag", "one").err


def test_without_a_digest_versions_decide(machine: PublisherMachine, biot: Sandbox) -> None:
    machine("publish", *LOCAL, "--without-digest")
    assert TREE_DIGEST_NAME not in stored(biot)["environmentVariables"]
    machine.write(answer=2)
    same = machine("publish", *LOCAL, "--without-digest", "--json")
    assert "no digest was compared" in same.document["notes"][0]
    assert "no digest was compared" in machine("publish", *LOCAL, "--without-digest").out
    manifest = machine.plugin / "plugin.toml"
    manifest.write_text(manifest.read_text().replace("version = 1", "version = 2"))
    assert machine("publish", *LOCAL, "--without-digest", "--json").document["version"] == 2
    manifest.write_text(manifest.read_text().replace("version = 2", "version = 9"))
    refused = machine("publish", *LOCAL, "--without-digest", "--json")
    assert (refused.code, refused.document["kind"]) == (8, "not-possible")


def test_a_moved_interception_of_somebody_else_is_reported(machine: PublisherMachine, biot: Sandbox) -> None:
    state_in_toml(machine, "ENABLED")
    theirs = {
        "type": "PRE_REQUEST",
        "apiId": "POST/organization/v1/users/patients",
        "endpoint": "https://example.com/x",
    }
    answer = biot.call(
        "POST",
        "/dispatcher/v1/hooks/interceptions/subscribe",
        token=biot.admin_token(),
        body={**theirs, "executionOrder": 20},
    )
    assert answer.status == 201, answer.body
    done = machine("publish", *LOCAL, "--json")

    assert done.code == 0
    assert any("https://example.com/x moved from order 20 to 21" in note for note in done.document["notes"])


def test_a_rollback_without_retained_files_says_what_is_missing(machine: PublisherMachine, biot: Sandbox) -> None:
    nothing = machine("rollback", *LOCAL)
    assert (nothing.code, "Nothing was published from this machine" in nothing.err) == (8, True)
    assert "`biot-plugin publish --artifact FILE`" in nothing.err
    machine("publish", *LOCAL)
    assert "does not have version 7. Available: 1." in machine("rollback", *LOCAL, "--to", "7").err
    machine.write(answer=2)
    machine("publish", *LOCAL)
    for file in machine.state.releases.iterdir():
        file.write_bytes(b"damaged")
    damaged = machine("rollback", *LOCAL, "--to", "1")
    assert (damaged.code, "no longer has its settings and artifact" in damaged.err) == (8, True)
    assert stored(biot)["version"] == 2


@pytest.mark.usefixtures("biot")
def test_history_shows_who_published_what_from_which_commit(
    machine: PublisherMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    git = ["git", "-C", str(machine.plugin), "-c", "user.name=x", "-c", "user.email=x@example.com"]
    (machine.plugin / ".gitignore").write_text("dist/\n")
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "first"], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    assert machine("history").out == "Nothing has been published from this machine yet.\n"
    machine("publish", *LOCAL)
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("GITLAB_USER_LOGIN", "ada")
    monkeypatch.setenv("CI_JOB_URL", "https://gitlab.example.com/j/1")
    machine.write(answer=2)
    machine("publish", *LOCAL)
    newest, oldest = machine("history", *LOCAL, "--json").document["entries"]

    assert (oldest["commit"], newest["commit"]) == (commit, f"{commit}+")
    assert newest["who"] == "ada in https://gitlab.example.com/j/1"
    assert [entry["verdict"] for entry in (newest, oldest)] == ["done", "done"]
    output = machine("history").out
    assert "1 → 2" in output
    assert "  to local, by ada in https://gitlab.example.com/j/1" in output
    assert max(map(len, output.splitlines())) <= 80


def test_plan_and_publish_check_subscriptions_against_a_fetched_catalog(
    machine: PublisherMachine, biot: Sandbox
) -> None:
    assert machine("plan", *LOCAL, "--json").document["catalog"] is None
    assert machine("catalog", *LOCAL).code == 0
    assert machine("plan", *LOCAL, "--json").document["catalog"]
    manifest = machine.plugin / "plugin.toml"
    manifest.write_text(manifest.read_text().replace("users/patients", "users/patience"))
    for command in ("plan", "publish"):
        refused = machine(command, *LOCAL)
        assert (refused.code, "POST/organization/v1/users/patients" in refused.err) == (3, True)
    assert biot.call("GET", "/settings/v2/plugins/Plugin-age-calculator", token=biot.token()).status == 404


def test_plan_warns_about_an_unknown_api_unless_the_catalog_has_it(machine: PublisherMachine, biot: Sandbox) -> None:
    del biot  # only for its effect
    manifest = machine.plugin / "plugin.toml"
    assert machine("catalog", *LOCAL).code == 0
    [catalog] = machine.state.catalogs.iterdir()
    fetched = catalog.read_text().replace("POST/organization/v1/users/patients", "POST/organization/v1/users/patient")
    catalog.unlink()
    manifest.write_text(manifest.read_text().replace("users/patients", "users/patient"))

    offline = machine("plan", *LOCAL, "--json").document["warnings"]
    assert [warning["key"] for warning in offline] == ["plugin.subscriptions.interceptions[0].apiId"]
    catalog.write_text(fetched)
    catalog.chmod(0o600)
    assert machine("plan", *LOCAL, "--json").document["warnings"] == []


def test_a_secret_at_the_boundary_of_two_chunks_is_found(machine: PublisherMachine) -> None:
    kind, token = TOKENS["AWS, long-lived"]
    place = (4 << 20) - 10
    (machine.plugin / "src" / "large.txt").write_text(("x " * (place // 2)) + token + (" y" * (3 << 20)))
    machine.write(more=f'\n[build.allow-secrets]\n"src/large.txt:{kind}" = "a sample"\n')
    assert machine("package").code == 0
    machine.write()
    with served(Registry()) as canary:
        name_local_biot(machine.state, canary.url)
        prebuilt = machine(
            "publish", *LOCAL, "--json", "--artifact", str(machine.plugin / "dist" / "age-calculator-1.zip")
        )

        assert prebuilt.code == 4
        assert {problem["file"] for problem in prebuilt.document["problems"] if problem["severity"] == "error"} == {
            "src/large.txt"
        }
        assert canary.requests == []


def test_each_failure_has_its_kind(machine: PublisherMachine, biot: Sandbox) -> None:
    name_local_biot(machine.state, biot.base_url, biot.service_user.id, "not the key")
    assert machine("publish", *LOCAL, "--json").document["kind"] == "access"
    name_local_biot(machine.state, "http://127.0.0.1:1", biot.service_user.id, "hush-hush")
    for command in ("plan", "publish", "rollback"):
        done = machine(command, *LOCAL, "--json")
        assert (done.code, done.document["kind"], done.document["exitCode"]) == (8, "unreachable", 8)
        assert "hush" not in done.out + done.err
    assert not list(machine.state.journal.rglob("*.jsonl"))


@pytest.mark.parametrize("kind", ["aws-exception", "rolled-back"])
def test_an_error_that_biot_rolled_back_every_time_is_not_applied_after_three_uploads(
    machine: PublisherMachine, tmp_path: Path, kind: str
) -> None:
    rules = (FaultRule(kind=FAULT_KINDS[kind], method="PATCH", times=0),)
    with running_sandbox(tmp_path / "sandbox", faults=Scenario(rules=rules)) as biot:
        name_local_biot(machine.state, biot.base_url, biot.service_user.id, biot.service_user.secret_key)
        assert machine("publish", *LOCAL).code == 0
        before = stored(biot)
        machine.write(answer=2)
        done = machine("publish", *LOCAL, "--json").document

        assert (done["verdict"], done["kind"], done["requests"]) == ("not-applied", "not-applied", 3)
        assert "rolled it back" in done["detail"]
        assert stored(biot) == before
        assert machine("history", "--json").document["entries"][0]["verdict"] == "not-applied"


def orders(biot: Sandbox) -> dict[str, list[int]]:
    """The orders of each endpoint's interceptions, by the path of the endpoint."""
    path = "/dispatcher/v1/hooks/interceptions?searchRequest=%7B%22limit%22%3A100%2C%22page%22%3A0%7D"
    rows = biot.call("GET", path, token=biot.admin_token()).body["data"]
    orders_by_endpoint: dict[str, list[int]] = {}
    for row in rows:
        orders_by_endpoint.setdefault(row["endpoint"].rpartition("/")[2], []).append(row["executionOrder"])
    return {endpoint: sorted(numbers) for endpoint, numbers in orders_by_endpoint.items()}


def rename(machine: PublisherMachine, name: str) -> None:
    manifest = machine.plugin / "plugin.toml"
    manifest.write_text(manifest.read_text().replace('name = "age-calculator"', f'name = "{name}"'))


def test_two_plugins_that_want_the_same_order_do_not_move_each_other(
    machine: PublisherMachine, biot: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.settings.undocumented_behavior.MOVED_ORDERS_SHOWN", True)
    state_in_toml(machine, "ENABLED")
    assert machine("publish", *LOCAL).code == 0
    machine.write()
    rename(machine, "rival")
    state_in_toml(machine, "ENABLED")
    rival = machine("publish", *LOCAL, "--json").document
    assert rival["verdict"] == "done"
    assert any("moved from order 20 to 21" in note for note in rival["notes"])

    for _ in range(2):
        for name in ("age-calculator", "rival"):
            machine.write()
            rename(machine, name)
            state_in_toml(machine, "ENABLED")
            again = machine("publish", *LOCAL, "--json").document
            assert (again["verdict"], again["requests"]) == ("nothing-to-do", 0)
            assert any("Give one of them another order" in note for note in again["notes"]) is (
                name == "age-calculator"
            )
            assert machine("plan", *LOCAL).code == 0
    before = orders(biot)
    machine.write(memory=512, answer=3)
    state_in_toml(machine, "ENABLED")
    assert machine("publish", *LOCAL, "--json").document["verdict"] == "done"
    assert orders(biot) == before, "other changes leave the orders alone"
    manifest = machine.plugin / "plugin.toml"
    manifest.write_text(manifest.read_text().replace("order = 20", "order = 15"))
    assert "order 21 → PRE_REQUEST POST/organization/v1/users/patients, order 15" in machine("plan", *LOCAL).out
    assert machine("publish", *LOCAL, "--json").document["verdict"] == "done"
    assert stored(biot)["subscriptions"]["interceptions"][0]["order"] == 15


def test_a_plugin_whose_own_interceptions_share_an_order_converges(
    machine: PublisherMachine, biot: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.settings.undocumented_behavior.MOVED_ORDERS_SHOWN", True)
    state_in_toml(machine, "ENABLED")
    manifest = machine.plugin / "plugin.toml"
    api = "POST/organization/v1/users/caregivers/templates/"
    rows = ", ".join(f'{{ type = "PRE_REQUEST", apiId = "{api}{name}", order = 30 }}' for name in ("nurse", "doctor"))
    text = manifest.read_text()
    start, end = text.index("interceptions = ["), text.index("notifications")
    manifest.write_text(f"{text[:start]}interceptions = [{rows}]\n{text[end:]}")

    first = machine("publish", *LOCAL, "--json").document
    assert first["verdict"] == "done"
    assert any("at order 31 instead of 30" in note for note in first["notes"]), first["notes"]
    again = machine("publish", *LOCAL, "--json").document
    assert (again["verdict"], again["requests"]) == ("nothing-to-do", 0)
    assert biot.base_url


def test_a_plugin_is_created_without_code_and_gets_it_with_the_next_publish(
    machine: PublisherMachine, biot: Sandbox
) -> None:
    (machine.plugin / "src" / "index.py").unlink()
    (machine.plugin / "src").rmdir()
    planned = machine("plan", *LOCAL, "--without-code")
    assert planned.code == 10
    assert "+ code  BioT's seed" in planned.out
    done = machine("publish", *LOCAL, "--without-code", "--json").document
    assert (done["verdict"], done["code"], done["requests"]) == ("done", False, 1)
    assert (done["treeDigest"], done["artifact"]) == (None, None)
    assert any("BioT deploys its seed" in note for note in done["notes"])
    assert not (machine.plugin / "dist").exists()
    seeded = stored(biot)
    assert (seeded["version"], seeded["memorySize"], seeded["runtime"]) == (1, 256, "python3.13")
    assert not {TREE_DIGEST_NAME, TREE_VERSION_NAME} & seeded["environmentVariables"].keys()
    assert "BioT's seed" in machine("history").out

    for command in ("plan", "publish"):
        refused = machine(command, *LOCAL, "--without-code", "--json").document
        assert (refused["kind"], refused["verdict"]) == ("not-possible", "not-applied")
    assert stored(biot) == seeded
    (machine.plugin / "src").mkdir()
    machine.write()
    own = machine("publish", *LOCAL, "--json").document
    assert (own["verdict"], own["code"], own["version"]) == ("done", True, 2)
    assert "does not have" in machine("rollback", *LOCAL).err
    assert "is BioT's seed code" in machine("rollback", *LOCAL, "--to", "1").err
    assert stored(biot)["version"] == 2


@pytest.mark.parametrize(
    ("kind", "requests"), exhaustive_after(1, [("reset-after-apply", 1), ("reset-before-read", 2)])
)
def test_a_plugin_without_code_is_created_once_when_answers_are_lost(
    machine: PublisherMachine, tmp_path: Path, kind: str, requests: int
) -> None:
    rules = (FaultRule(kind=FAULT_KINDS[kind], method="POST", path="/settings/v2/plugins"),)
    with running_sandbox(tmp_path / "sandbox", faults=Scenario(rules=rules)) as biot:
        name_local_biot(machine.state, biot.base_url, biot.service_user.id, biot.service_user.secret_key)
        done = machine("publish", *LOCAL, "--without-code", "--json").document

        assert (done["verdict"], done["requests"], stored(biot)["version"]) == ("done", requests, 1)


def test_without_code_and_code_exclude_each_other(machine: PublisherMachine, biot: Sandbox) -> None:
    artifact = str(machine.plugin / "plugin.toml")
    assert machine("publish", *LOCAL, "--without-code", "--artifact", artifact).code == 2
    assert machine("plan", *LOCAL, "--without-code", "--image-tag", "one").code == 2
    manifest = machine.plugin / "plugin.toml"
    text = manifest.read_text()
    manifest.write_text(text.replace('runtime = "python3.13"\n', ""))
    assert machine("publish", *LOCAL, "--without-code").code == 3, "BioT has no seed without a runtime"
    manifest.write_text(text.replace("version = 1", 'version = 1\ndeploymentPackageType = "IMAGE"\nimageTag = "one"'))
    assert "has an imageTag" in machine("publish", *LOCAL, "--without-code").err
    assert biot.base_url

"""A subscription without a hook stops every command that would publish it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.functional.release.conftest import name_local_biot

if TYPE_CHECKING:
    from tests.functional.release.conftest import PublisherMachine

LOCAL = ("-e", "local")
NOTIFICATION = '[[plugin.subscriptions.notifications]]\nentityTypeName = "device"\nactionName = "_create"\n'
MANIFEST = '[plugin]\nname = "age-calculator"\ndisplayName = "A"\nversion = 1\nruntime = "python3.13"\n'
UNANSWERED = {
    "PRE_REQUEST": '[[plugin.subscriptions.interceptions]]\ntype = "PRE_REQUEST"\napiId = "POST/organization/v1/a"\n',
    "cronSchedule": '[plugin]\ncronSchedule = "0 2 * * ? *"\n',
}


def generate(machine: PublisherMachine, more: str = "") -> None:
    """A plugin in the layout of the templates that answers notifications, and nothing else."""
    flow = machine.plugin / "src" / "plugin"
    (flow / "perform").mkdir(parents=True, exist_ok=True)
    (flow / "hooks.py").write_text(
        'from plugin.perform import notification\n\nHOOKS = {"notification": notification}\n'
    )
    for file in (flow / "__init__.py", flow / "perform" / "__init__.py", flow / "perform" / "notification.py"):
        file.touch()
    schedule = more.removeprefix("[plugin]\n") if more.startswith("[plugin]\n") else ""
    (machine.plugin / "plugin.toml").write_text(MANIFEST + schedule + NOTIFICATION + ("" if schedule else more))


@pytest.mark.parametrize(("kind", "line"), [("PRE_REQUEST", 10), ("cronSchedule", 6)])
def test_every_command_names_the_line_and_a_solution(machine: PublisherMachine, kind: str, line: int) -> None:
    name_local_biot(machine.state, "http://127.0.0.1:9")  # nothing listens there, and nothing is asked
    generate(machine)
    assert machine("package").code == 0
    artifact = str(machine.plugin / "dist" / "age-calculator-1.zip")
    generate(machine, UNANSWERED[kind])
    commands = (
        ["check"],
        ["package"],
        ["plan", *LOCAL],
        ["publish", *LOCAL],
        ["publish", *LOCAL, "--artifact", artifact],
    )
    for command in commands:
        done = machine(*command)

        assert done.code == 4, done.err
        assert f"plugin.toml:{line} plugin." in done.err
        assert "so the plugin would answer each call with 400" in done.err
        assert "or add the hook with `biot-plugin add " in done.err

"""``biot-plugin sandbox``."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder.cli.options import json_option
from builder.cli.output import print_aside, print_document, print_lines, table
from builder.errors import PublishError, SandboxError
from sandbox import ADMIN, PORT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from builder.publishing.state_folder import StateFolder
    from sandbox.server import RunningServer, ServerOptions

_LOOK_SECONDS = 0.1


@click.command(
    short_help="Run a local BioT on this machine.",
    epilog="""\b
Examples:
  biot-plugin sandbox                    start it; earlier data is there
  biot-plugin sandbox --fresh            begin with an empty BioT
  biot-plugin sandbox --port 0 --json    on a free port; the address as JSON
  biot-plugin sandbox --faults bad.toml  network and server fail on demand
  biot-plugin publish -e local           in another terminal: publish to it

\b
A scenario for --faults; all but kind may be left out:
  [[fault]]
  kind = "reset-after-apply"       # --fault-kinds lists them
  method = "PATCH"
  path = "/settings/v2/plugins/*"
  request = 2                      # the second such request
  times = 1                        # 0: and all that follow

The data is one folder: `sandbox` in BIOT_PLUGIN_STATE, else in your folder for state. It is yours alone, needs no
network, and runs no plugins: their endpoints answer 503.
""",
)
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0: a free one.")
@click.option("folder", "--data", type=click.Path(file_okay=False, path_type=Path), help="Where the data lies.")
@click.option("--fresh", is_flag=True, help="Remove everything in this local BioT before it starts.")
@click.option("--new-password", is_flag=True, help="Give the administrator another password, and print it.")
@click.option("--rotate-key", is_flag=True, help="Sign tokens with a new key; the one before still verifies.")
@click.option(
    "faults",
    "--faults",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A scenario of faults of network and server (TOML).",
)
@click.option("fault_kinds", "--fault-kinds", is_flag=True, help="List the kinds of faults, and start nothing.")
@click.option("--verbose", "-v", is_flag=True, help="One line per request on standard error.")
@json_option
def command(  # noqa: PLR0913 - one parameter per option of the command line
    *,
    port: int,
    folder: Path | None,
    fresh: bool,
    new_password: bool,
    rotate_key: bool,
    faults: Path | None,
    fault_kinds: bool,
    verbose: bool,
    as_json: bool,
) -> int:
    """Run a local BioT: the platform's API on this machine, with nothing to set up.

    It takes plugins, subscriptions and log-ins as BioT does and keeps them in one file. Only this machine can reach
    it. The other commands find it as the environment `local`: the one that was started last.
    """
    if fault_kinds:
        return _list_kinds(as_json=as_json)
    if as_json and new_password:
        message = "--new-password prints the password, and --json prints none: leave out one of them"
        raise click.UsageError(message)
    from builder.publishing.state_folder import find_state_folder, private_folder
    from sandbox.faults import load_scenario
    from sandbox.server import ServerOptions

    state = find_state_folder(os.environ)
    options = ServerOptions(
        folder=folder.absolute() if folder else state.folder / "sandbox",
        port=port,
        fresh=fresh,
        rotate_key=rotate_key,
        log=print_aside if verbose else None,
        faults=load_scenario(faults) if faults else None,
    )
    private_folder(state.folder)
    return _run(options, state, new_password=new_password, as_json=as_json)


def _run(options: ServerOptions, state: StateFolder, *, new_password: bool, as_json: bool) -> int:
    """Start it, say where it is, and stop it cleanly when asked to."""
    from sandbox.server import start

    with _asked_to_stop() as asked, start(options) as running:
        welcome = _open(running, state, new_password=new_password)
        if as_json:
            print_document(welcome.document())
        else:
            print_lines(welcome.lines())
        while running.answers_after(_LOOK_SECONDS) and not asked:
            pass
    if not as_json:
        print_aside("Stopped. The data stays for the next time.")
    return 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Welcome:
    """What whoever starts a local BioT has to know."""

    running: RunningServer
    local_file: Path
    service_user_id: str
    new: bool
    admin_password: str = field(repr=False)

    def document(self) -> dict[str, object]:
        return {
            "status": "running",
            "baseUrl": self.running.base_url,
            "environment": "local",
            "data": str(self.running.state.database.file.parent),
            "new": self.new,
            "adminUsername": ADMIN,
            "serviceUserId": self.service_user_id,
            "credentials": str(self.local_file),
        }

    def lines(self) -> list[str]:
        data = self.running.state.database.file.parent
        rows = [
            ("administrator", ADMIN),
            ("password", self._password()),
            ("service user", self.service_user_id),
            ("its secret key", f"in {self.local_file}, which only you can read"),
        ]
        return [
            f"Local BioT on {self.running.base_url}",
            f"{'New, its data is' if self.new else 'As it was left; its data is'} in {data}",
            "",
            *(f"  {label.ljust(14)}  {value}" for label, value in rows),
            "",
            "The other commands find it as the environment local: biot-plugin publish -e local",
            "Ctrl-C stops it.",
        ]

    def _password(self) -> str:
        if not self.admin_password:
            return "was printed when it was made; --new-password makes another"
        return f"{self.admin_password}   (printed once)"


def _list_kinds(*, as_json: bool) -> int:
    from sandbox.faults import FAULT_KINDS

    if as_json:
        kinds = [
            {"kind": kind.name, "about": kind.description, "effect": kind.effect.value} for kind in FAULT_KINDS.values()
        ]
        print_document({"status": "ok", "kinds": kinds})
    else:
        rows = [(kind.name, kind.description) for kind in FAULT_KINDS.values()]
        print_lines(table([("kind", "what the client meets"), *rows]))
    return 0


def _open(running: RunningServer, state: StateFolder, *, new_password: bool) -> _Welcome:
    """Make the first accounts where they are missing, and tell the other commands of this local BioT."""
    from builder.publishing.api_values import SecretText
    from builder.publishing.state_folder import LocalBiot, write_local_biot
    from sandbox.ums.first_accounts import create_first_accounts, new_admin_password

    database = running.state.database
    founded = create_first_accounts(database)
    service_user, secret = (
        (founded.service_user.id, founded.service_user.secret_key) if founded else _known(running, state)
    )
    local = LocalBiot(
        base_url=running.base_url,
        service_user_id=service_user,
        service_user_secret_key=SecretText(secret),
        admin_username=ADMIN,
    )
    try:
        write_local_biot(state, local)
    except PublishError as error:
        raise SandboxError(error.message, hint=error.hint) from error
    password = founded.admin_password if founded else ""
    if not founded and new_password:
        password = new_admin_password(database)
    return _Welcome(
        running=running,
        local_file=state.local_file,
        service_user_id=service_user,
        new=founded is not None,
        admin_password=password,
    )


def _known(running: RunningServer, state: StateFolder) -> tuple[str, str]:
    """The service user's id and secret key of last time, or a new key when the file does not have the right one."""
    from builder.publishing.state_folder import read_local_biot
    from sandbox.ums.first_accounts import new_service_key
    from sandbox.ums.sessions import secret_key_matches

    database = running.state.database
    local = None
    with suppress(PublishError):  # a spoilt file is about to be written anew
        local = read_local_biot(state)
    if local and secret_key_matches(database, local.service_user_id, local.service_user_secret_key.reveal()):
        return local.service_user_id, local.service_user_secret_key.reveal()
    user = new_service_key(database)
    return user.id, user.secret_key


@contextmanager
def _asked_to_stop() -> Iterator[list[int]]:
    """The signals that came. However many do, the local BioT stops once, and cleanly."""
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)

    before = {one: signal.signal(one, note) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)

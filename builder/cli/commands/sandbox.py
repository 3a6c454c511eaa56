"""``biot-plugin sandbox``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder.cli.local_biot import collect_garbage_regularly, open_local_biot, stop_signals
from builder.cli.options import json_option
from builder.cli.output import definition_list, print_document, print_lines, print_to_stderr
from sandbox import PORT

if TYPE_CHECKING:
    from builder.publishing.state_folder import StateFolder
    from sandbox.server import ServerOptions

_POLL_SECONDS = 0.1


@click.command(
    short_help="Run a local BioT on this machine.",
    epilog="""\b
Examples:
  biot-plugin sandbox                    start it with the data of last time
  biot-plugin sandbox --fresh            start with an empty BioT
  biot-plugin sandbox --port 0 --json    use a free port, print its address
  biot-plugin sandbox --faults bad.toml  let network, BioT or plugins fail
  biot-plugin publish -e local           in another terminal: publish to it

\b
A scenario for --faults. Only kind is required:
  [[fault]]
  kind = "reset-after-apply"       # --fault-kinds lists them
  method = "PATCH"
  path = "/settings/v2/plugins/*"
  request = 2                      # at the second such request
  times = 1                        # 0: at all later ones, too
  [[fault]]
  kind = "plugin-killed"           # happens to a call of a plugin
  plugin = "age-calculator"
  hook = "PRE_REQUEST"
  entity = "patient"

The data is in the folder `sandbox` of BIOT_PLUGIN_STATE, or of your state folder. The local BioT needs no network.
Its plugins run with Lambda's runtime client, which is fetched at the first call.
""",
)
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="Port. 0: a free one.")
@click.option("folder", "--data", type=click.Path(file_okay=False, path_type=Path), help="Folder for the data.")
@click.option("--fresh", is_flag=True, help="Delete all data of this local BioT before it starts.")
@click.option("--new-password", is_flag=True, help="Give the administrator a new password and print it.")
@click.option("--rotate-key", is_flag=True, help="Sign tokens with a new key. Tokens of the previous key stay valid.")
@click.option(
    "faults",
    "--faults",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A TOML file with faults of the network, of BioT and of plugins.",
)
@click.option("fault_kinds", "--fault-kinds", is_flag=True, help="List the kinds of faults and exit.")
@click.option("--any-python", is_flag=True, help="Run plugins with the nearest Python if the right one is missing.")
@click.option("--verbose", "-v", is_flag=True, help="Print one line for each request to standard error.")
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
    any_python: bool,
    verbose: bool,
    as_json: bool,
) -> int:
    """Run a local BioT: the platform's API on this machine, with nothing to set up.

    It handles plugins, subscriptions, logins and entities (patients, devices and so on) as BioT does, and stores them
    in one file. A new one has a few synthetic entities. Only this machine can reach it. The other commands use it as
    the environment `local`; with several, `local` is the one that started last.
    """
    if fault_kinds:
        return _list_kinds(as_json=as_json)
    if as_json and new_password:
        message = "--new-password prints a password and --json never does. Use only one of them."
        raise click.UsageError(message)
    from builder.publishing.state_folder import find_state_folder, private_folder
    from sandbox.faults import load_scenario
    from sandbox.functions.service import ServiceSettings, default_cache
    from sandbox.server import ServerOptions

    state = find_state_folder(os.environ)
    options = ServerOptions(
        folder=folder.absolute() if folder else state.folder / "sandbox",
        port=port,
        fresh=fresh,
        rotate_key=rotate_key,
        log=print_to_stderr if verbose else None,
        faults=load_scenario(faults) if faults else None,
        functions=ServiceSettings(cache=default_cache(), any_python=any_python),
    )
    private_folder(state.folder)
    return _run(options, state, new_password=new_password, as_json=as_json)


def _run(options: ServerOptions, state: StateFolder, *, new_password: bool, as_json: bool) -> int:
    """Start the local BioT, print its address, and stop it cleanly on a signal."""
    from sandbox.server import start

    with stop_signals() as signals, start(options) as running:
        collect_garbage_regularly()
        message = open_local_biot(running, state, new_password=new_password)
        if as_json:
            print_document(message.document())
        else:
            print_lines(message.lines())
        while running.answers_after(_POLL_SECONDS) and not signals:
            pass
    if not as_json:
        print_to_stderr("Stopped. The next start has the same data.")
    return 0


def _list_kinds(*, as_json: bool) -> int:
    from sandbox.faults import FAULT_KINDS, HOOK_FAULT_KINDS

    if as_json:
        kinds = [
            {"kind": kind.name, "description": kind.description, "effect": kind.effect.value}
            for kind in FAULT_KINDS.values()
        ]
        calls = [{"kind": kind.name, "description": kind.description} for kind in HOOK_FAULT_KINDS.values()]
        print_document({"status": "ok", "kinds": kinds, "pluginKinds": calls})
    else:
        print_lines(["Requests to BioT:", ""])
        print_lines(definition_list([(kind.name, kind.description) for kind in FAULT_KINDS.values()]))
        print_lines(["", "Calls of plugins:", ""])
        print_lines(definition_list([(kind.name, kind.description) for kind in HOOK_FAULT_KINDS.values()]))
    return 0

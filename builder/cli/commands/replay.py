"""``biot-plugin replay``."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import click

from builder.cli.options import json_option
from builder.cli.output import print_document, print_json_line, print_lines
from builder.cli.printing.chain_output import PLUGIN_FAILED_EXIT, chain_lines, difference_lines
from builder.publishing.clock import SystemClock

if TYPE_CHECKING:
    from builder.publishing.remote.local_service import LocalService

_POLL_SECONDS = 0.2
_WATCHING = "Watching for plugins that are published. Ctrl-C ends it."


@click.command(
    short_help="Make a recorded call again.",
    epilog="""\b
Examples:
  biot-plugin replay 12            the call, event or schedule 12 again
  biot-plugin replay 12 --edit     change its body in your editor first
  biot-plugin replay 12 --data @event.json
  biot-plugin replay 12 --watch    again whenever a plugin is published
""",
)
@click.argument("identifier", metavar="ID")
@click.option("edit", "--edit", is_flag=True, help="Change the body in your editor first.")
@click.option("data", "--data", "-d", metavar="JSON|@FILE", help="Send this body in place of the recorded one.")
@click.option("watch", "--watch", is_flag=True, help="Repeat it whenever a plugin is published, until Ctrl-C.")
@json_option
def command(identifier: str, data: str | None, *, edit: bool, watch: bool, as_json: bool) -> int:
    """Make a call of the local BioT again: an API call, an event, a schedule or a direct call.

    ID is the number that `activity` prints. Tokens are not recorded: an API call is repeated as the administrator,
    and plugins get new tokens. Exit code 9: a plugin failed. With --watch, each repetition shows what its answers have
    changed compared with the one before; --json prints one document per line.
    """
    from builder.publishing.remote.local_service import open_local_service

    if edit and data is not None:
        message = "Use either --edit or --data."
        raise click.UsageError(message)
    with open_local_service(os.environ, SystemClock()) as local:
        request: dict[str, object] = {"id": identifier}
        if data is not None:
            request["body"] = _parsed(_read(data), "--data")
        elif edit:
            recorded = local.get(f"/activity/{identifier}" if identifier.isalnum() else "/activity/unknown")
            request["body"] = _edited(recorded)
        if watch:
            return _watch(local, request, as_json=as_json)
        chain = local.post("/replay", request)
    exit_code = PLUGIN_FAILED_EXIT if chain["pluginFailed"] else 0
    if as_json:
        print_document({"status": "plugin-failed" if exit_code else "ok", "exitCode": exit_code, "chain": chain})
    else:
        print_lines(chain_lines(chain))
    return exit_code


def _watch(local: LocalService, request: dict[str, object], *, as_json: bool) -> int:
    """Repeat a call whenever the code of a plugin changes. Ctrl-C ends it."""
    published = local.get("/published-code")
    chain = local.post("/replay", request)
    print_json_line(chain) if as_json else print_lines([*chain_lines(chain), "", _WATCHING])
    while True:
        time.sleep(_POLL_SECONDS)
        if (now := local.get("/published-code")) == published:
            continue
        published, before, chain = now, chain, local.post("/replay", request)
        print_json_line(chain) if as_json else print_lines(["", *chain_lines(chain), *difference_lines(before, chain)])


def _edited(recorded: dict[str, object]) -> object:
    """The body of a recorded call, after the user has changed it."""
    request = recorded["request"]
    body = request["body"] if isinstance(request, dict) else None
    text = click.edit(json.dumps(body, indent=2, ensure_ascii=False), extension=".json", require_save=False)
    if text is None:
        message = "The editor did not end well, so nothing was sent."
        raise click.ClickException(message)
    return _parsed(text, "the edited body")


def _read(data: str) -> str:
    if not data.startswith("@"):
        return data
    try:
        with open(data[1:], encoding="utf-8") as file:  # noqa: PTH123 - a path of the user, as it is
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        message = f"{data[1:]} cannot be read as text: {error}."
        raise click.BadParameter(message, param_hint="--data") from error


def _parsed(text: str, what: str) -> object:
    try:
        value: object = json.loads(text)
    except ValueError as error:
        message = f"{what} is not valid JSON: {error}."
        raise click.UsageError(message) from error
    return value

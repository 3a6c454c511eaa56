"""``biot-plugin logs``."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import click

from builder.cli.connection_options import connect, name_argument, select_environment
from builder.cli.options import current_day, project_options
from builder.cli.output import is_read, print_json_line, print_lines, print_to_stderr
from builder.cli.plugin_commands import show_link
from builder.errors import KitError, PublishError
from builder.manifest.environments import LOCAL
from builder.publishing.clock import SystemClock
from builder.publishing.remote.console_links import logs_link
from builder.publishing.remote.plugin_actions import find_plugin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from builder.cli.connection_options import SelectedEnvironment
    from builder.publishing.api_values import RemotePlugin
    from builder.publishing.remote.local_service import LocalService

_POLL_SECONDS = 0.3
_MOST = 1000


@click.command(
    short_help="Show a plugin's logs, or the link to them in AWS.",
    epilog="""\b
Examples:
  biot-plugin logs -e local               the newest calls and their logs
  biot-plugin logs -e local -f            and every later one, until Ctrl-C
  biot-plugin logs -e local --all --status failed --since 10m
  biot-plugin logs -e local --json -f     one JSON object per line
  biot-plugin logs -e dev                 print the link to CloudWatch
  biot-plugin logs -e dev --browser       print it and open it
""",
)
@name_argument
@project_options
@click.option("every", "--all", is_flag=True, help="local: the logs of all plugins.")
@click.option("follow", "--follow", "-f", is_flag=True, help="local: go on with later calls until Ctrl-C.")
@click.option("since", "--since", metavar="TIME", help="local: since then: 10m, 2h, 1d, or a time in ISO 8601.")
@click.option("hook", "--hook", metavar="TYPE", help="local: only calls of this type, such as NOTIFICATION or CRON.")
@click.option("status", "--status", metavar="STATUS", help="local: only answers 200, 4xx and so on, or failed.")
@click.option("--browser", is_flag=True, help="AWS: also open the link, if it is an https link to the AWS console.")
@click.option("as_json", "--json", is_flag=True, help="Print JSON: one object per line for local, else one document.")
def command(  # noqa: PLR0913 - one parameter per option of the command line
    name: str | None,
    folder: Path,
    environment: str | None,
    *,
    every: bool,
    follow: bool,
    browser: bool,
    as_json: bool,
    **filters: str | None,
) -> None:
    """Show the log of a plugin on the local BioT, or print the link to it in AWS CloudWatch.

    `-e local` shows each recorded call with its log, its stack traces as text, and Lambda's REPORT line. Frames in the
    plugin's own code begin with >. The newest 50 calls are shown; with --since, up to 1,000.

    For every other environment it is the link of Open Logs in BioT's Console, made from the link to the function,
    because BioT has no API for logs. You need a user of BioT's AWS account to see the logs.
    """
    selected = select_environment(folder, environment)
    chosen = {key: value for key, value in filters.items() if value}
    if selected.target.name != LOCAL:
        if every or follow or chosen:
            message = "--all, --follow, --since, --hook and --status are for -e local: AWS has the other logs."
            raise click.UsageError(message)
        show_link(selected, name, _logs_link, browser=browser, as_json=as_json)
        return
    if browser:
        message = "--browser opens links to AWS, and -e local shows the logs here."
        raise click.UsageError(message)
    if not every:
        with connect(selected, as_json=as_json) as client:
            chosen["plugin"] = find_plugin(client, selected.plugin_name(name)).full_name
    elif name is not None:
        message = "Use either NAME or --all."
        raise click.UsageError(message)
    _show_calls(chosen, _own_code(selected), follow=follow, as_json=as_json)


def _show_calls(
    filters: Mapping[str, str], own: Mapping[str, tuple[Path, str]], *, follow: bool, as_json: bool
) -> None:
    from builder.cli.printing.log_output import call_documents, call_lines
    from builder.cli.printing.stack_traces import PluginSources
    from builder.publishing.remote.local_service import open_local_service

    shown = False
    with open_local_service(os.environ, SystemClock()) as local:
        for call in _calls(local, filters, follow=follow):
            code, name = own.get(call["plugin"], (None, ""))
            sources = PluginSources(artifact_sha256=call["artifactSha256"], folder=code, shown=name)
            if as_json:
                for document in call_documents(call, sources):
                    print_json_line(document)
            else:
                print_lines(call_lines(call, sources))
            shown = True
    if not shown and not as_json:
        print_to_stderr("No calls found. `biot-plugin trigger` causes some.")


def _calls(local: LocalService, filters: Mapping[str, str], *, follow: bool) -> Iterator[Mapping[str, Any]]:
    """The recorded calls, and with ``follow`` every later one until the command is stopped."""
    from builder.cli.local_biot import stop_signals
    from builder.cli.printing.log_output import last_id

    limit = {"limit": str(_MOST)} if "since" in filters else {}
    calls = _found(local, {**filters, **limit})
    yield from calls
    if not follow:
        return
    last, later = last_id(calls), {name: value for name, value in filters.items() if name != "since"}
    with stop_signals() as signals:
        while not signals and is_read():
            calls = _found(local, {**later, "after": str(last), "limit": str(_MOST)})
            yield from calls
            last = max(last, last_id(calls))
            threading.Event().wait(0 if len(calls) == _MOST else _POLL_SECONDS)


def _found(local: LocalService, query: Mapping[str, str]) -> list[Mapping[str, Any]]:
    calls = local.get("/logs", query)["calls"]
    return calls if isinstance(calls, list) else []


def _own_code(selected: SelectedEnvironment) -> dict[str, tuple[Path, str]]:
    """The full name of the plugin of this folder, with the folder of its own code and how to name it."""
    from builder.manifest import find_manifest, load
    from builder.platform.limits import NAME_PREFIX

    if selected.plugin is None:
        return {}
    try:
        root = load(find_manifest(selected.plugin.folder), today=current_day()).manifest.build.root
    except KitError:  # a manifest with problems is no reason to show no logs
        return {}
    folder = selected.plugin.folder / root
    return {f"{NAME_PREFIX}{selected.plugin.name}": (folder, os.path.relpath(folder))}


def _logs_link(plugin: RemotePlugin) -> str:
    link = logs_link(plugin.console_url, plugin.full_name)
    if link is None:
        url = f" ({plugin.console_url})" if plugin.console_url else ""
        msg = f"{plugin.name} has no logs in AWS: BioT's link to it{url} does not lead to the AWS console."
        raise PublishError(msg, hint=f"Find the log group /aws/lambda/{plugin.full_name} in CloudWatch.")
    return link

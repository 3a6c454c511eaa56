"""``biot-plugin trigger``."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import click

from builder.cli.options import json_option
from builder.cli.output import definition_list, print_document, print_lines
from builder.cli.printing.chain_output import PLUGIN_FAILED_EXIT, chain_lines
from builder.cli.printing.schedule_output import trigger_schedule
from builder.publishing.clock import SystemClock

_CALL = re.compile(r"(?:GET|POST|PUT|PATCH|DELETE)/.*")


@click.command(
    short_help="Cause something that plugins are called for.",
    epilog="""\b
Examples:
  biot-plugin trigger patient _create
  biot-plugin trigger patient _create --set _name.firstName=Ann
  biot-plugin trigger device-alert _clear --template heart_alert
  biot-plugin trigger POST/organization/v1/users/patients \\
    --data @patient.json
  biot-plugin trigger patient _create --break expired-token
  biot-plugin trigger cron --at 2026-01-31T02:00:00Z
  biot-plugin trigger cron --advance 1d    every run of the next day
  biot-plugin trigger --breaks             list the ways to break a call

\b
An action with an API calls that API on a new synthetic entity; another one,
such as _login, is sent as an event. Exit code 9: a plugin failed.
""",
)
@click.argument("target", required=False, metavar="[ENTITY|METHOD/PATH|cron]")
@click.argument("action", required=False, metavar="[ACTION]")
@click.option(
    "values", "--set", multiple=True, metavar="NAME=VALUE", help="A value of the entity, as JSON or text. Repeatable."
)
@click.option("template", "--template", metavar="NAME", default="", help="The template of the entity.")
@click.option("data", "--data", "-d", metavar="JSON|@FILE", help="The body of an API call.")
@click.option("broken", "--break", metavar="NAME", default="", help="Break what plugins receive, in one way.")
@click.option("plugin", "--plugin", metavar="NAME", default="", help="cron: the plugin. Default: the only one.")
@click.option("at", "--at", metavar="TIME", default="", help="cron: the time of the run. Default: now, in UTC.")
@click.option("advance", "--advance", metavar="TIME", default="", help="cron: move the clock: 1d, a time, or reset.")
@click.option("breaks", "--breaks", is_flag=True, help="List the ways to break a call, and exit.")
@json_option
def command(  # noqa: PLR0913 - one parameter per option of the command line
    *,
    target: str | None,
    action: str | None,
    values: tuple[str, ...],
    template: str,
    data: str | None,
    broken: str,
    plugin: str,
    at: str,
    advance: str,
    breaks: bool,
    as_json: bool,
) -> int:
    """Cause something on the local BioT that plugins are called for, and show every call.

    ENTITY and ACTION are names of BioT, such as `patient _create`. METHOD/PATH is an API, such as
    POST/organization/v1/users/patients; a query may follow. `cron` runs the schedule of a plugin now, as of any time.
    """
    if breaks:
        return _list_breaks(as_json=as_json)
    if target == "cron":
        if action or values or template or broken or data is not None:
            message = "cron takes --plugin, and --at or --advance."
            raise click.UsageError(message)
        return trigger_schedule(plugin, at, advance, as_json=as_json)
    if plugin or at or advance:
        message = "--plugin, --at and --advance are for `trigger cron`."
        raise click.UsageError(message)
    request = _request(target or "", action or "", values, template, data)
    return _trigger(request | ({"break": broken} if broken else {}), as_json=as_json)


def _request(target: str, action: str, values: tuple[str, ...], template: str, data: str | None) -> dict[str, object]:
    """The request for an API call or an action, as the local BioT takes it."""
    if _CALL.fullmatch(target):
        if action or values or template:
            message = "An API call takes --data, but no ACTION, --set or --template."
            raise click.UsageError(message)
        return {"call": target, "body": _body(data)}
    if not target or not action:
        message = "Name an entity and an action (patient _create), or an API (POST/organization/v1/users/patients)."
        raise click.UsageError(message)
    if data is not None:
        message = "An action takes --set NAME=VALUE. For a whole body, call its API: METHOD/PATH --data."
        raise click.UsageError(message)
    chosen = {"entityTypeName": target, "actionName": action, "templateName": template}
    return {**chosen, "values": dict(map(_value, values))}


def _trigger(request: dict[str, object], *, as_json: bool) -> int:
    from builder.publishing.remote.local_service import open_local_service

    with open_local_service(os.environ, SystemClock()) as local:
        chain = local.post("/trigger", request)
    failed = bool(chain["pluginFailed"])
    exit_code = PLUGIN_FAILED_EXIT if failed else 0
    if as_json:
        print_document({"status": "plugin-failed" if failed else "ok", "exitCode": exit_code, "chain": chain})
    else:
        print_lines(chain_lines(chain))
    return exit_code


def _list_breaks(*, as_json: bool) -> int:
    from sandbox.trigger.event_breaks import EVENT_BREAKS

    if as_json:
        rows = [{"name": one.name, "group": one.group, "description": one.description} for one in EVENT_BREAKS.values()]
        print_document({"status": "ok", "breaks": rows})
    else:
        print_lines(definition_list([(one.name, one.description) for one in EVENT_BREAKS.values()]))
    return 0


def _value(text: str) -> tuple[str, object]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        message = f"{text!r} is not NAME=VALUE."
        raise click.BadParameter(message, param_hint="--set")
    return name, _json_or_text(value)


def _json_or_text(text: str) -> object:
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value


def _body(data: str | None) -> object:
    if data is None:
        return None
    if not data.startswith("@"):
        return data
    try:
        return Path(data[1:]).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{data[1:]} cannot be read as text: {error}."
        raise click.BadParameter(message, param_hint="--data") from error

"""``biot-plugin login``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from builder.cli.connection_options import aim, ask_code
from builder.cli.options import json_option, project_options
from builder.cli.output import print_document, print_text
from builder.manifest.environments import LOCAL
from builder.publishing.access.connection import make_token_source
from builder.publishing.access.credential_storage import (
    SessionFile,
    delete_from_keyring,
    read_from_keyring,
    write_to_keyring,
)
from builder.publishing.access.credentials import SERVICE_USER, USER, read_credentials
from builder.publishing.api.calls import ApiCalls
from builder.publishing.api.http_transport import HttpTransport
from builder.publishing.clock import SystemClock

if TYPE_CHECKING:
    from pathlib import Path

    from builder.cli.connection_options import Aim


@click.command(
    short_help="Keep credentials for an environment in the keyring.",
    epilog="""\b
Examples:
  biot-plugin login -e dev                  asks for user name and password
  biot-plugin login -e dev --service-user   asks for its id and secret key
  biot-plugin login -e dev --forget         remove them again

\b
In CI set BIOT_SERVICE_USER_ID and BIOT_SERVICE_USER_SECRET_KEY instead.
BIOT_MFA_CODE answers when a second factor is asked for.
""",
)
@project_options
@click.option("--service-user", is_flag=True, help="Log in as a service user.")
@click.option("--forget", is_flag=True, help="Remove what is kept for this environment.")
@json_option
def command(folder: Path, environment: str | None, *, service_user: bool, forget: bool, as_json: bool) -> None:
    """Ask for credentials, try them, and keep them in the system's keyring for this environment's address.

    What is typed is not shown and never a word of a command line. Environment variables and `.env` come first.
    """
    where = aim(folder, environment)
    if where.target.name == LOCAL:
        _tell(where, "nothing-to-do", "The local BioT needs no log-in: the kit has its credentials.", as_json=as_json)
    elif forget:
        gone = _forget(where)
        told = "are forgotten" if gone else "were not kept: nothing to do"
        status = "done" if gone else "nothing-to-do"
        _tell(where, status, f"The credentials for {where.target.name} {told}.", as_json=as_json)
    else:
        keyring = _log_in(where, USER if not service_user else SERVICE_USER)
        told = f"Logged in to {where.target.name}; the credentials are in this machine's keyring ({keyring})."
        _tell(where, "done", told, as_json=as_json)


def _log_in(where: Aim, names: tuple[str, str]) -> str:
    if not sys.stdin.isatty():
        msg = "There is no terminal to ask on. Without one set the credentials as environment variables."
        raise click.UsageError(msg)
    words = ("User name", "Password") if names == USER else ("Service user id", "Secret key")
    principal = click.prompt(words[0], err=True)
    secret = click.prompt(words[1], err=True, hide_input=True)
    given = {names[0]: principal, names[1]: secret}
    credentials = read_credentials(given, "What you typed")
    if credentials is None:
        msg = "Nothing was typed."
        raise click.UsageError(msg)
    transport = HttpTransport(where.target, os.environ)
    try:
        tokens = make_token_source(credentials, ApiCalls(transport, SystemClock()), os.environ, SystemClock(), ask_code)
        SessionFile(where.state, where.target.base_url, credentials).delete()
        tokens.bearer()
    finally:
        transport.close()
    return write_to_keyring(where.target.base_url, given)


def _forget(where: Aim) -> bool:
    credentials = read_from_keyring(where.target.base_url)
    if credentials is not None:
        SessionFile(where.state, where.target.base_url, credentials).delete()
    return delete_from_keyring(where.target.base_url)


def _tell(where: Aim, status: str, told: str, *, as_json: bool) -> None:
    if as_json:
        print_document({"status": status, "environment": where.target.name, "message": told})
    else:
        print_text(told)

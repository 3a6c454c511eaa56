"""``biot-plugin login``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from builder.cli.connection_options import select_environment
from builder.cli.options import json_option, project_options
from builder.cli.output import print_document, print_text
from builder.cli.terminal import ask_code, can_read_answers
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

    from builder.cli.connection_options import SelectedEnvironment


@click.command(
    short_help="Store credentials for an environment in the keyring.",
    epilog="""\b
Examples:
  biot-plugin login -e dev                  asks for user name and password
  biot-plugin login -e dev --service-user   asks for id and secret key
  biot-plugin login -e dev --forget         removes the credentials again

\b
In CI, set BIOT_SERVICE_USER_ID and BIOT_SERVICE_USER_SECRET_KEY instead.
Set BIOT_MFA_CODE to answer the question for a second factor.
""",
)
@project_options
@click.option("--service-user", is_flag=True, help="Log in as a service user.")
@click.option("--forget", is_flag=True, help="Remove the stored credentials of this environment.")
@json_option
def command(folder: Path, environment: str | None, *, service_user: bool, forget: bool, as_json: bool) -> None:
    """Ask for credentials, try them, and store them in the system's keyring.

    The keyring stores them for the environment's address. Passwords and keys are not shown while you type. Credentials
    in environment variables or in `.env` are used first.
    """
    selected = select_environment(folder, environment)
    if selected.target.name == LOCAL:
        message = "The local BioT needs no login: the kit has its credentials."
        _print_result(selected, "nothing-to-do", message, as_json=as_json)
    elif forget:
        removed = _forget(selected)
        name = selected.target.name
        message = (
            f"Removed the credentials of {name}." if removed else f"No stored credentials of {name}: nothing to do."
        )
        _print_result(selected, "done" if removed else "nothing-to-do", message, as_json=as_json)
    else:
        keyring = _log_in(selected, SERVICE_USER if service_user else USER)
        message = f"Logged in to {selected.target.name}. This machine's keyring ({keyring}) stores the credentials."
        _print_result(selected, "done", message, as_json=as_json)


def _log_in(selected: SelectedEnvironment, names: tuple[str, str]) -> str:
    if not can_read_answers():
        msg = "No terminal to ask on. Set the credentials as environment variables instead."
        raise click.UsageError(msg)
    questions = ("User name", "Password") if names == USER else ("Service user ID", "Secret key")
    principal = click.prompt(questions[0], err=True)
    secret = click.prompt(questions[1], err=True, hide_input=True)
    variables = {names[0]: principal, names[1]: secret}
    credentials = read_credentials(variables, "What you typed")
    if credentials is None:
        msg = "No credentials given."
        raise click.UsageError(msg)
    transport = HttpTransport(selected.target, os.environ)
    try:
        tokens = make_token_source(credentials, ApiCalls(transport, SystemClock()), os.environ, SystemClock(), ask_code)
        SessionFile(selected.state, selected.target.base_url, credentials).delete()
        tokens.bearer()
    finally:
        transport.close()
    return write_to_keyring(selected.target.base_url, variables)


def _forget(selected: SelectedEnvironment) -> bool:
    credentials = read_from_keyring(selected.target.base_url)
    if credentials is not None:
        SessionFile(selected.state, selected.target.base_url, credentials).delete()
    return delete_from_keyring(selected.target.base_url)


def _print_result(selected: SelectedEnvironment, status: str, message: str, *, as_json: bool) -> None:
    if as_json:
        print_document({"status": status, "environment": selected.target.name, "message": message})
    else:
        print_text(message)

"""The command group, and what every command's failure looks like."""

from __future__ import annotations

import errno
import io
import os
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from builder import __version__
from builder.cli.output import (
    describe_error,
    describe_failure,
    print_aside,
    print_bug,
    print_document,
    print_error,
    print_what_the_terminal_has_not,
    source_url,
    stop_printing,
)
from builder.errors import KitError, ProjectError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMMANDS = (
    "new",
    "update",
    "check",
    "lock",
    "package",
    "inspect",
    "verify",
    "audit",
    "store",
    "plan",
    "publish",
    "rollback",
    "history",
    "list",
    "show",
    "enable",
    "disable",
    "delete",
    "endpoint",
    "open",
    "logs",
    "subscribe",
    "unsubscribe",
    "subscriptions",
    "catalog",
    "login",
    "doctor",
    "sandbox",
    "completion",
)
WITH_VERDICT = frozenset({"plan", "publish", "rollback", "enable", "disable", "delete", "subscribe", "unsubscribe"})
"""Commands whose every ``--json`` document has a ``verdict``, early failures included."""
BUG = 70
# What the machine refuses, whoever asks: no fault of the kit's code, so no traceback and no "please report".
REFUSED_BY_THE_MACHINE = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENAMETOOLONG}
)
INTERRUPTED = 130
EPILOG = """\b
Examples:
  biot-plugin new my-plugin        start a plugin repository
  biot-plugin check                every problem of plugin.toml, at once
  biot-plugin package              write dist/<name>-<version>.zip
  biot-plugin inspect dist/*.zip   what is inside, by package and by size
  biot-plugin verify dist/*.zip    is it what its report and its sources say?
  biot-plugin publish -e dev       bring it to BioT; plan says what would change

\b
Exit codes: 0 done or nothing to do, 2 usage, 3 manifest, 4 project,
5 dependencies, 6 packaging, 7 verification, 8 publishing,
9 local BioT, 10 plan found changes, 70 a bug, 130 interrupted.
"""


class CommandGroup(click.Group):
    """Imports a command's module when the command is asked for, so that ``--version`` stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands in the order of a plugin's life."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command, or None, which makes click say what there is."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"builder.cli.commands.{cmd_name}").command
        return command


@click.group(
    cls=CommandGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="biot-plugin")
def cli() -> None:
    """Start, check and package plugins for the BioT medical-IoT cloud."""


def run(arguments: Sequence[str], *, interrupted: bool = False) -> int:
    """Run one command line and return its exit code; never raises.

    Args:
        arguments: Without the program's name.
        interrupted: Whether Ctrl-C came before this.
    """
    settings: dict[str, Any] = {"color": False} if os.environ.get("NO_COLOR") else {}
    print_what_the_terminal_has_not()
    if interrupted:
        return _tell(KeyboardInterrupt(), arguments)
    try:
        code = cli.main(list(arguments), prog_name="biot-plugin", standalone_mode=False, **settings)
    except BrokenPipeError:
        stop_printing(1, 2)
        return 0
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last line of defence: a bug is told as one
        return _tell(error, arguments)
    return code if isinstance(code, int) else 0


def refused_by_the_machine(error: Exception) -> KitError | None:
    """The error as one of disk and permissions, or None when it is a bug."""
    if not isinstance(error, OSError) or error.errno not in REFUSED_BY_THE_MACHINE:
        return None
    return ProjectError(
        f"{error.filename or 'What the command needs'} cannot be read or written: {error.strerror}.",
        hint="Check the permissions and the free space of its folder, then run the command again.",
    )


def _tell(error: BaseException, arguments: Sequence[str]) -> int:
    """Say why the command ended; the exit code stands when nothing can be said (a full disk, a closed pipe)."""
    if isinstance(error, Exception):
        error = refused_by_the_machine(error) or error
    code, tell, document = _ending(error)
    try:
        if "--json" in arguments:
            print_document(document | _verdict(error, arguments))
        if "--json" not in arguments or code == BUG:
            tell()
    except OSError:
        stop_printing(1, 2)
    return code


def _ending(error: BaseException) -> tuple[int, Callable[[], None], dict[str, object]]:
    """The exit code, and the ending for people and for machines."""
    if isinstance(error, KitError):
        return error.exit_code, partial(print_error, error), describe_error(error)
    if isinstance(error, click.ClickException):
        path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "biot-plugin"
        hint = f"`{path} --help` shows what there is."
        document = describe_failure("usage", error.exit_code, error.format_message(), hint)
        return error.exit_code, partial(_print_usage, error), document
    if isinstance(error, click.Abort) or not isinstance(error, Exception):
        told = _told(error)
        message = f"Interrupted: {told}" if told else "Interrupted: nothing was left half-done."
        document = describe_failure("interrupted", INTERRUPTED, message, "Run the command again.")
        return INTERRUPTED, partial(print_aside, message), document
    document = describe_failure("bug", BUG, repr(error), f"Please report it: {source_url()}")
    return BUG, partial(print_bug, error), document


def _verdict(error: BaseException, arguments: Sequence[str]) -> dict[str, object]:
    """What is known of the change that a command was to make, as a verdict of ``publishing.records.verdicts``."""
    if not arguments or arguments[0] not in WITH_VERDICT:
        return {}
    kind = str(getattr(error, "kind", ""))
    unsure = (arguments[0] != "plan" and _is_bug(error)) or _told(error)
    return {"verdict": kind if kind in {"conflict", "unknown"} else "unknown" if unsure else "not-applied"}


def _is_bug(error: BaseException) -> bool:
    return isinstance(error, Exception) and not isinstance(error, (KitError, click.ClickException, click.Abort))


def _told(error: BaseException) -> str:
    """What an interrupt left behind, from whoever was interrupted amid a change; empty otherwise."""
    # click puts its own exception around the interrupt.
    cause = error.__cause__ if isinstance(error, click.Abort) else error
    return str(cause) if isinstance(cause, KeyboardInterrupt) else ""


def _print_usage(error: click.ClickException) -> None:
    text = io.StringIO()
    error.show(text)
    for line in text.getvalue().splitlines():
        print_aside(line)

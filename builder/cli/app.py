"""The command group, and how each kind of failure is printed."""

from __future__ import annotations

import errno
import io
import os
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from builder import __version__
from builder.cli.output import (
    describe_error,
    describe_failure,
    escape_unencodable_characters,
    print_bug,
    print_document,
    print_error,
    print_to_stderr,
    source_url,
    stop_printing,
)
from builder.errors import KitError, ProjectError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

COMMAND_GROUPS = {
    "Start": ("new", "add", "types", "update", "doctor", "explain", "completion"),
    "Build": ("check", "lock", "package", "inspect", "verify", "audit", "store"),
    "Publish": ("login", "catalog", "plan", "publish", "rollback", "history", "diff", "image"),
    "Operate": (
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
    ),
    "Local BioT": ("dev", "invoke", "sandbox", "trigger", "activity", "why", "replay"),
}
"""Heading in ``--help`` -> the commands below it, each a module of ``builder.cli.commands``."""
COMMANDS = tuple(name for names in COMMAND_GROUPS.values() for name in names)
COMMANDS_WITH_VERDICT = frozenset(
    {"plan", "publish", "rollback", "enable", "disable", "delete", "subscribe", "unsubscribe", "image"}
)
"""Every ``--json`` document of these commands has a ``verdict``, early failures included."""
BUG = 70
INTERRUPTED = 130
# Errors of the machine, whoever asks: no bug of the kit, so no traceback and no "Please report".
_MACHINE_ERRORS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENAMETOOLONG}
)
EPILOG = """\b
Examples:
  biot-plugin new my-plugin        start a plugin repository
  biot-plugin check                report every problem of the plugin
  biot-plugin package              write dist/<name>-<version>.zip
  biot-plugin invoke               call the packaged plugin with every event
  biot-plugin plan -e dev          show what publishing would change
  biot-plugin publish -e dev       create or update the plugin on BioT
  biot-plugin sandbox              run a local BioT to publish to

\b
Exit codes: 0 done or nothing to do, 2 usage, 3 manifest, 4 project,
5 dependencies, 6 packaging, 7 verification, 8 publishing,
9 local BioT or plugin on it, 10 plan, diff or types found changes,
70 a bug, 130 interrupted.
"""


class CommandGroup(click.Group):
    """Imports a command's module when the command runs, so that ``--version`` stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands in the order of ``--help``."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command; None makes click print that there is no such command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"builder.cli.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one section for each group of commands."""
        width = max(map(len, COMMANDS))
        for heading, names in COMMAND_GROUPS.items():
            commands = ((name, self.get_command(ctx, name)) for name in names)
            rows = [(name.ljust(width), command.get_short_help_str()) for name, command in commands if command]
            with formatter.section(heading):
                formatter.write_dl(rows)


@click.group(
    cls=CommandGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="biot-plugin")
def cli() -> None:
    """Start, build, publish and operate plugins for BioT, and run a local BioT to test them."""


def run(arguments: Sequence[str], *, interrupted: bool = False) -> int:
    """Run one command line and return its exit code; never raises.

    Args:
        arguments: Without the program's name.
        interrupted: Whether Ctrl-C was pressed before this call.
    """
    settings: dict[str, Any] = {"color": False} if os.environ.get("NO_COLOR") else {}
    escape_unencodable_characters()
    if interrupted:
        return _report(KeyboardInterrupt(), arguments)
    try:
        code = cli.main(list(arguments), prog_name="biot-plugin", standalone_mode=False, **settings)
    except BrokenPipeError:
        stop_printing(1, 2)
        return 0
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - everything that was raised becomes an exit code
        return _report(error, arguments)
    return code if isinstance(code, int) else 0


def machine_error(error: Exception) -> KitError | None:
    """An error of disk or permissions as one of the kit's; None when it is a bug."""
    if not isinstance(error, OSError) or error.errno not in _MACHINE_ERRORS:
        return None
    return ProjectError(
        f"Cannot read or write {error.filename or 'a file that the command needs'}: {error.strerror}.",
        hint="Check the permissions and the free space of its folder, then run the command again.",
    )


class _Failure(NamedTuple):
    """How a command failed: the exit code, the text for people and the document for machines."""

    exit_code: int
    print_text: Callable[[], None]
    document: dict[str, object]


def _report(error: BaseException, arguments: Sequence[str]) -> int:
    """Print why the command failed; the exit code is the same when printing fails (a full disk, a closed pipe)."""
    if isinstance(error, Exception):
        error = machine_error(error) or error
    failure = _failure(error)
    try:
        if "--json" in arguments:
            print_document(failure.document | _verdict(error, arguments))
        if "--json" not in arguments or failure.exit_code == BUG:
            failure.print_text()
    except OSError:
        stop_printing(1, 2)
    return failure.exit_code


def _failure(error: BaseException) -> _Failure:
    if isinstance(error, KitError):
        return _Failure(error.exit_code, partial(print_error, error), describe_error(error))
    if isinstance(error, click.ClickException):
        path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "biot-plugin"
        hint = f"Run `{path} --help` for usage."
        document = describe_failure("usage", error.exit_code, error.format_message(), hint)
        return _Failure(error.exit_code, partial(_print_usage, error), document)
    if isinstance(error, click.Abort) or not isinstance(error, Exception):
        message = f"Interrupted: {_interrupt_message(error) or 'nothing was left half-done.'}"
        document = describe_failure("interrupted", INTERRUPTED, message, "Run the command again.")
        return _Failure(INTERRUPTED, partial(print_to_stderr, message), document)
    document = describe_failure("bug", BUG, repr(error), f"Please report it: {source_url()}")
    return _Failure(BUG, partial(print_bug, error), document)


def _verdict(error: BaseException, arguments: Sequence[str]) -> dict[str, object]:
    """What is known of the change that a command was to make, as a verdict of ``builder.network.verdict``."""
    if not arguments or arguments[0] not in COMMANDS_WITH_VERDICT:
        return {}
    kind = str(getattr(error, "kind", ""))
    unsure = (arguments[0] != "plan" and _is_bug(error)) or _interrupt_message(error)
    return {"verdict": kind if kind in {"conflict", "unknown"} else "unknown" if unsure else "not-applied"}


def _is_bug(error: BaseException) -> bool:
    return isinstance(error, Exception) and not isinstance(error, (KitError, click.ClickException, click.Abort))


def _interrupt_message(error: BaseException) -> str:
    """What an interrupt left behind, as the code that was interrupted says; empty otherwise."""
    # click raises its own exception from the interrupt.
    cause = error.__cause__ if isinstance(error, click.Abort) else error
    return str(cause) if isinstance(cause, KeyboardInterrupt) else ""


def _print_usage(error: click.ClickException) -> None:
    text = io.StringIO()
    error.show(text)
    for line in text.getvalue().splitlines():
        print_to_stderr(line)

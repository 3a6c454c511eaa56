"""``subscribe`` and ``unsubscribe``: the same two subcommands, which build a subscription in BioT's terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import click

from builder.cli.options import json_option, project_options
from builder.network.certificates import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from builder.publishing.api.dispatcher import HookKind

    Run = Callable[["SubscriptionRequest"], None]

F = TypeVar("F", bound="Callable[..., object]")
_TYPES = ("PRE_REQUEST", "POST_REQUEST", "ADAPT_ENTITY")


@dataclass(frozen=True, kw_only=True, slots=True)
class SubscriptionRequest:
    """One subscription that a command line names.

    Attributes:
        kind: Notifications or interceptions.
        row: The subscription in BioT's terms.
        folder: The value of ``--project``.
        environment: The value of ``-e``.
        as_json: Whether the result is printed as JSON.
    """

    kind: HookKind
    row: Mapping[str, object]
    folder: Path
    environment: str | None
    as_json: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class SubscriptionTexts:
    """What ``--help`` says of a command and its two subcommands; each first line is also the short text.

    Attributes:
        command: Of the command itself.
        examples: Its examples.
        notification: Of the subcommand for notifications.
        interception: Of the subcommand for interceptions.
    """

    command: str
    examples: str
    notification: str
    interception: str


def subscription_group(verb: str, texts: SubscriptionTexts, run: Run, *, with_order: bool = False) -> click.Group:
    """``subscribe`` or ``unsubscribe`` with its subcommands ``notification`` and ``interception``.

    Args:
        verb: The command's name.
        texts: For ``--help``.
        run: Does what the command is for.
        with_order: Whether an interception takes ``--order``.
    """
    group = click.Group(verb, help=texts.command, short_help=_first_line(texts.command), epilog=texts.examples)
    group.add_command(_notification_command(verb, texts.notification, run))
    group.add_command(_interception_command(verb, texts.interception, run, with_order=with_order))
    return group


def _notification_command(verb: str, text: str, run: Run) -> click.Command:
    @click.command(
        "notification", short_help=_first_line(text), help=text, epilog=_example(f"{verb} notification device _create")
    )
    @_notification_arguments
    @_endpoint_option
    @project_options
    @json_option
    def command(  # noqa: PLR0913 - one parameter per option of the command line
        *,
        entity: str,
        action: str,
        template: str | None,
        endpoint: str,
        folder: Path,
        environment: str | None,
        as_json: bool,
    ) -> None:
        row: dict[str, object] = {"entityTypeName": entity, "actionName": action, "endpoint": endpoint}
        row |= {"templateName": template} if template else {}
        run(SubscriptionRequest(kind="notifications", row=row, folder=folder, environment=environment, as_json=as_json))

    return command


def _interception_command(verb: str, text: str, run: Run, *, with_order: bool) -> click.Command:
    @click.command(
        "interception",
        short_help=_first_line(text),
        help=text,
        epilog=_example(f"{verb} interception ADAPT_ENTITY patient"),
    )
    @_interception_arguments
    @_endpoint_option
    @_order_option(shown=with_order)
    @project_options
    @json_option
    def command(  # noqa: PLR0913 - one parameter per option of the command line
        *,
        kind: str,
        target: str,
        path_filters: dict[str, str],
        endpoint: str,
        folder: Path,
        environment: str | None,
        as_json: bool,
        order: int | None = None,
    ) -> None:
        # An interception of the dispatcher has entityName where one of a plugin has entityTypeName.
        name = "entityName" if kind == "ADAPT_ENTITY" else "apiId"
        row: dict[str, object] = {"type": kind, "endpoint": endpoint, name: target}
        row |= {"pathFilters": path_filters} if path_filters else {}
        row |= {"executionOrder": order} if order is not None else {}
        run(SubscriptionRequest(kind="interceptions", row=row, folder=folder, environment=environment, as_json=as_json))

    return command


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def _example(arguments: str) -> str:
    return f"\b\nExample:\n  biot-plugin {arguments} -e dev \\\n    --endpoint https://my.host/hook"


def _endpoint_option(function: F) -> F:
    """``--endpoint``: the public URL that BioT calls."""
    return click.option(
        "--endpoint",
        required=True,
        metavar="URL",
        callback=_check_endpoint,
        help="The URL that BioT calls. It must be https, or http on this machine.",
    )(function)


def _order_option(*, shown: bool) -> Callable[[F], F]:
    if not shown:
        return lambda function: function
    return click.option("--order", type=click.IntRange(1), help="Position among the interceptors of the same API.")


def _notification_arguments(function: F) -> F:
    """``ENTITY ACTION --template``."""
    function = click.option("template", "--template", metavar="NAME", help="Only entities of this template.")(function)
    function = click.argument("action")(function)
    return click.argument("entity")(function)


def _interception_arguments(function: F) -> F:
    """``TYPE TARGET --path-filter``."""
    function = click.option(
        "path_filters",
        "--path-filter",
        multiple=True,
        metavar="NAME=VALUE",
        callback=_parse_filters,
        help="Only calls whose path parameter NAME has this value. May be repeated.",
    )(function)
    function = click.argument("target", metavar="API_OR_ENTITY")(function)
    return click.argument("kind", metavar="TYPE", type=click.Choice(_TYPES))(function)


def _check_endpoint(context: click.Context, parameter: click.Parameter, url: str) -> str:
    try:
        parts = urlsplit(url)
        allowed = bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url)))
    except ValueError:
        allowed = False
    if not allowed or not url.isascii() or not url.isprintable() or " " in url:
        msg = f"{url!r} is not an https:// URL."
        raise click.BadParameter(msg, ctx=context, param=parameter)
    return url


def _parse_filters(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    filters: dict[str, str] = {}
    for text in values:
        name, separator, value = text.partition("=")
        if not separator or not name or not value:
            msg = f"{text!r} is not NAME=VALUE."
            raise click.BadParameter(msg, ctx=context, param=parameter)
        filters[name] = value
    return filters

"""The words of ``subscribe`` and ``unsubscribe`` -> a subscription in BioT's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import click

from builder.publishing.api.certificates import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., object]")
_TYPES = ("PRE_REQUEST", "POST_REQUEST", "ADAPT_ENTITY")


def endpoint_option(function: F) -> F:
    """``--endpoint``: the public URL that BioT calls."""
    return click.option(
        "--endpoint",
        required=True,
        metavar="URL",
        callback=_check_endpoint,
        help="The URL that BioT calls; https, and http only on this machine.",
    )(function)


def notification_arguments(function: F) -> F:
    """``ENTITY ACTION --template``."""
    function = click.option("template", "--template", metavar="NAME", help="Only entities of this template.")(function)
    function = click.argument("action")(function)
    return click.argument("entity")(function)


def interception_arguments(function: F) -> F:
    """``TYPE TARGET --path-filter``."""
    function = click.option(
        "path_filters",
        "--path-filter",
        multiple=True,
        metavar="NAME=VALUE",
        callback=_split,
        help="Only calls in which this parameter of the path has this value.",
    )(function)
    function = click.argument("target", metavar="API_OR_ENTITY")(function)
    return click.argument("kind", metavar="TYPE", type=click.Choice(_TYPES))(function)


def notification(entity: str, action: str, endpoint: str, template: str | None) -> dict[str, object]:
    """A notification in BioT's words."""
    row: dict[str, object] = {"entityTypeName": entity, "actionName": action, "endpoint": endpoint}
    return row | ({"templateName": template} if template else {})


def interception(kind: str, target: str, endpoint: str, path_filters: dict[str, str]) -> dict[str, object]:
    """An interception in BioT's words; its entity is called ``entityName`` here, other than in a plugin."""
    row: dict[str, object] = {"type": kind, "endpoint": endpoint}
    row["entityName" if kind == "ADAPT_ENTITY" else "apiId"] = target
    return row | ({"pathFilters": path_filters} if path_filters else {})


def _check_endpoint(context: click.Context, parameter: click.Parameter, url: str) -> str:
    try:
        parts = urlsplit(url)
        fine = bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url)))
    except ValueError:
        fine = False
    if not fine or not url.isascii() or not url.isprintable() or " " in url:
        msg = f"{url!r} is no https:// address"
        raise click.BadParameter(msg, ctx=context, param=parameter)
    return url


def _split(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    filters: dict[str, str] = {}
    for text in given:
        name, separator, value = text.partition("=")
        if not separator or not name or not value:
            msg = f"{text!r} is not NAME=VALUE"
            raise click.BadParameter(msg, ctx=context, param=parameter)
        filters[name] = value
    return filters

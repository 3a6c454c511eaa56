"""``biot-plugin catalog``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli.connection_options import connect, select_environment
from builder.cli.options import json_option, project_options
from builder.cli.output import print_document, print_lines, print_text, table
from builder.publishing.clock import SystemClock
from builder.publishing.remote.fetched_catalog import describe_catalog, fetch_catalog, save_catalog

if TYPE_CHECKING:
    from pathlib import Path

    from builder.publishing.remote.fetched_catalog import Catalog


@click.command(
    short_help="Fetch what plugins of an environment can subscribe to.",
    epilog="""\b
Examples:
  biot-plugin catalog -e dev                    fetch the catalog
  biot-plugin catalog -e dev --search patient   and list names with a word
  biot-plugin catalog -e dev --json | jq .catalog.actions
""",
)
@project_options
@click.option(
    "word", "--search", metavar="WORD", help="List the APIs, entities and actions whose names contain this word."
)
@json_option
def command(folder: Path, environment: str | None, *, word: str | None, as_json: bool) -> None:
    """Fetch the APIs, entities and actions of an environment that plugins can subscribe to.

    The catalog is stored on this machine. `check` and `plan` then compare plugin.toml with it, and suggest the nearest
    name for each one that the environment does not have.
    """
    selected = select_environment(folder, environment)
    with connect(selected, as_json=as_json) as client:
        catalog = fetch_catalog(client, SystemClock())
    save_catalog(catalog, selected.target, selected.state)
    if as_json:
        print_document({"status": "ok", "environment": selected.target.name, "catalog": describe_catalog(catalog)})
        return
    if word is not None:
        _show(catalog, word.lower())
    actions = sum(len(names) for names in catalog.actions.values())
    name, entities = selected.target.name, len(catalog.entities)
    print_text(f"{name} has {len(catalog.apis)} APIs to intercept, {entities} entities and {actions} actions.")
    print_text(f"`biot-plugin check -e {name}` compares plugin.toml with them.")


def _show(catalog: Catalog, word: str) -> None:
    rows = [("API", api) for api, entity, _ in catalog.apis if word in f"{api} {entity}".lower()]
    rows += [("ADAPT_ENTITY", entity) for entity in catalog.entities if word in entity.lower()]
    for entity, names in catalog.actions.items():
        rows += [("NOTIFICATION", f"{entity} {name}") for name in names if word in f"{entity} {name}".lower()]
    print_lines(table([("type", "name"), *rows], flexible=(1,)) if rows else ["No name contains this word."])

"""``biot-plugin catalog``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from builder.cli.connection_options import aim, connect
from builder.cli.options import json_option, project_options
from builder.cli.output import print_document, print_lines, print_text
from builder.cli.remote_output import fitted
from builder.publishing.clock import SystemClock
from builder.publishing.remote.fetched_catalog import describe_catalog, fetch_catalog, save_catalog

if TYPE_CHECKING:
    from pathlib import Path

    from builder.publishing.remote.fetched_catalog import Catalog


@click.command(
    short_help="Fetch what an environment has to subscribe to.",
    epilog="""\b
Examples:
  biot-plugin catalog -e dev                    fetch and keep it
  biot-plugin catalog -e dev --search patient   and show what has the word
  biot-plugin catalog -e dev --json | jq .catalog.actions

\b
From then on `check -e dev` and `plan -e dev` hold plugin.toml against it.
""",
)
@project_options
@click.option("word", "--search", metavar="WORD", help="Show the APIs, entities and actions with this word.")
@json_option
def command(folder: Path, environment: str | None, *, word: str | None, as_json: bool) -> None:
    """Fetch the APIs that can be intercepted and the actions that notify in an environment, and keep them.

    `check` and `plan` then tell subscriptions that the environment does not have, with the name that is nearest.
    """
    where = aim(folder, environment)
    with connect(where, as_json=as_json) as client:
        catalog = fetch_catalog(client, SystemClock())
    save_catalog(catalog, where.target, where.state)
    if as_json:
        print_document({"status": "ok", "environment": where.target.name, "catalog": describe_catalog(catalog)})
        return
    if word is not None:
        _show(catalog, word.lower())
    actions = sum(len(names) for names in catalog.actions.values())
    print_text(
        f"{where.target.name} has {len(catalog.apis)} APIs to intercept, {len(catalog.entities)} entities to adapt and "
        f"{actions} actions that notify."
    )
    print_text(f"`biot-plugin check -e {where.target.name}` holds plugin.toml against them.")


def _show(catalog: Catalog, word: str) -> None:
    rows = [("API", api) for api, entity, _ in catalog.apis if word in f"{api} {entity}".lower()]
    rows += [("ADAPT_ENTITY", entity) for entity in catalog.entities if word in entity.lower()]
    for entity, names in catalog.actions.items():
        rows += [("NOTIFICATION", f"{entity} {name}") for name in names if word in f"{entity} {name}".lower()]
    print_lines(fitted([("type", "name"), *rows], narrow=(1,)) if rows else ["Nothing has this word."])

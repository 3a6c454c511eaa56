"""The catalog of an environment: what plugins can subscribe to. plugin.toml is checked against it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from builder.errors import ManifestError, Problem, PublishError
from builder.manifest.finding import format_key, shorten
from builder.manifest.suggestion import suggest
from builder.manifest.text.line_numbers import line_numbers, line_of
from builder.publishing.access.connection import resolve_target
from builder.publishing.state_folder import StateFolder, find_state_folder, read_json, read_regular, write_private

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from builder.manifest import Manifest
    from builder.manifest.finding import KeyPath
    from builder.manifest.model import Interception, Notification
    from builder.publishing.api.client import BiotClient
    from builder.publishing.api_values import TargetEnvironment
    from builder.publishing.clock import Clock

_FORMAT = 1
_SUBSCRIBED_NAME = re.compile(r"(?:^|\.)subscriptions\.\w+\[\d+\]\.(?:apiId|entityTypeName|actionName)$")


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalog:
    """The APIs, entities and actions of one environment that plugins can subscribe to.

    Attributes:
        fetched: When it was fetched, ISO 8601 in UTC.
        apis: Every ``apiId`` that can be intercepted, with the entity and the service it belongs to.
        entities: Entity types for ADAPT_ENTITY.
        actions: Entity type -> the names of its actions that can notify.
    """

    fetched: str
    apis: tuple[tuple[str, str, str], ...]
    entities: tuple[str, ...]
    actions: dict[str, tuple[str, ...]]

    @property
    def api_ids(self) -> tuple[str, ...]:
        """The ``apiId`` of every API."""
        return tuple(api for api, _, _ in self.apis)

    @property
    def day(self) -> str:
        """The day it was fetched, for messages."""
        return self.fetched[:10]


def fetch_catalog(client: BiotClient, clock: Clock) -> Catalog:
    """Read everything that plugins can subscribe to in an environment.

    Raises:
        Unreachable, NoAnswer, AccessDenied, Refused: As every query.
    """
    apis: set[tuple[str, str, str]] = set()
    entities: set[str] = set()
    for row in client.interceptable():
        entity = str(row.get("entityTypeName") or "")
        if row.get("apiId"):
            apis.add((str(row["apiId"]), entity, str(row.get("servicePrefix") or "")))
        if entity:
            entities.add(entity)
    actions: dict[str, set[str]] = {}
    for row in client.notifiable():
        if row.get("entityName") and row.get("actionName"):
            actions.setdefault(str(row["entityName"]), set()).add(str(row["actionName"]))
    return Catalog(
        fetched=clock.now().isoformat(timespec="seconds"),
        apis=tuple(sorted(apis)),
        entities=tuple(sorted(entities)),
        actions={entity: tuple(sorted(names)) for entity, names in sorted(actions.items())},
    )


def save_catalog(catalog: Catalog, target: TargetEnvironment, state: StateFolder) -> None:
    """Store a catalog for ``check`` and ``plan``.

    Raises:
        PublishError: The state folder cannot be written.
    """
    document = {"format": _FORMAT, "baseUrl": target.base_url, **describe_catalog(catalog)}
    write_private(_file(target, state), json.dumps(document, indent=1).encode() + b"\n")


def load_catalog(target: TargetEnvironment, state: StateFolder) -> Catalog | None:
    """The catalog that was last fetched; None when it is missing or unreadable for this version."""
    try:
        document: Any = read_json(read_regular(_file(target, state)))
        if document["format"] != _FORMAT or document["baseUrl"] != target.base_url:
            return None
        return Catalog(
            fetched=datetime.fromisoformat(document["fetched"]).isoformat(timespec="seconds"),
            apis=tuple((str(row["apiId"]), str(row["entity"]), str(row["service"])) for row in document["apis"]),
            entities=tuple(str(name) for name in document["entities"]),
            actions={str(name): tuple(map(str, actions)) for name, actions in document["actions"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def describe_catalog(catalog: Catalog) -> dict[str, object]:
    """A catalog as JSON."""
    return {
        "fetched": catalog.fetched,
        "apis": [{"apiId": api, "entity": entity, "service": service} for api, entity, service in catalog.apis],
        "entities": list(catalog.entities),
        "actions": {entity: list(names) for entity, names in catalog.actions.items()},
    }


def check_subscriptions(manifest: Manifest, environ: Mapping[str, str]) -> str:
    """Check the subscriptions of a manifest against the catalog of its environment, if one was fetched.

    Args:
        manifest: With the environment applied.
        environ: The process's environment, which names the state folder.

    Returns:
        The day of the catalog, or empty without one.

    Raises:
        ManifestError: The environment has no such API, entity or action; carries every problem.
    """
    state, name = find_state_folder(environ), manifest.environment
    try:
        catalog = name and load_catalog(resolve_target(name, manifest.environments, state), state)
    except PublishError:
        return ""  # an environment without an address has no catalog either
    if not name or not catalog:
        return ""
    problems = tuple(find_problems(manifest, catalog, name))
    if problems:
        plural = "s" if len(problems) > 1 else ""
        msg = f"{manifest.file.name} has {len(problems)} subscription{plural} to things that {name} does not have."
        raise ManifestError(
            msg,
            hint=f"The catalog of {name} is from {catalog.day}; `biot-plugin catalog -e {name}` fetches it again.",
            problems=problems,
        )
    return catalog.day


def without_offline_warnings(warnings: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Warnings without those about names that this kit does not know: the environment has them."""
    return tuple(warning for warning in warnings if not _SUBSCRIBED_NAME.search(warning.key))


def find_problems(manifest: Manifest, catalog: Catalog, environment: str) -> Iterator[Problem]:
    """A problem for each subscription that a catalog does not have, with the most similar name."""
    findings = [
        finding
        for index, row in enumerate(manifest.plugin.subscriptions.interceptions)
        if (finding := _interception(row, catalog, ("subscriptions", "interceptions", index)))
    ]
    findings += [
        finding
        for index, row in enumerate(manifest.plugin.subscriptions.notifications)
        if (finding := _notification(row, catalog, ("subscriptions", "notifications", index)))
    ]
    lines = line_numbers(manifest.file.read_text("utf-8")) if findings else {}
    for path, message, suggestion in findings:
        location = _manifest_path(manifest, path)
        yield Problem(
            message=f"{environment} has no {message}.",
            hint=f'Did you mean "{suggestion}"?'
            if suggestion
            else f"`biot-plugin catalog -e {environment} --search WORD` shows what it has.",
            file=manifest.file.name,
            line=line_of(lines, location),
            key=format_key(location),
            code="not-in-catalog",
        )


def _interception(row: Interception, catalog: Catalog, path: KeyPath) -> tuple[KeyPath, str, str] | None:
    if row.entity_type_name is not None:
        if row.entity_type_name in catalog.entities:
            return None
        message = f"entity {shorten(row.entity_type_name)} for ADAPT_ENTITY"
        return (*path, "entityTypeName"), message, suggest(row.entity_type_name, catalog.entities)
    api = row.api_id or ""
    if any(_matches(api, known) for known in catalog.api_ids):
        return None
    return (*path, "apiId"), f"API {shorten(api)} that can be intercepted", _nearest_api(api, catalog.api_ids)


def _notification(row: Notification, catalog: Catalog, path: KeyPath) -> tuple[KeyPath, str, str] | None:
    actions = catalog.actions.get(row.entity_type_name)
    if actions is None:
        message = f"entity {shorten(row.entity_type_name)} that can notify"
        return (*path, "entityTypeName"), message, suggest(row.entity_type_name, tuple(catalog.actions))
    if any(_normalize(row.action_name) == _normalize(name) for name in actions):
        return None
    message = f"action {shorten(row.action_name)} of {row.entity_type_name} that can notify"
    return (*path, "actionName"), message, suggest(row.action_name, actions)


def _normalize(action: str) -> str:
    # The specification's example response spells _create as CREATE.
    return action.strip("_").lower()


def _matches(api: str, known: str) -> bool:
    """Whether an ``apiId`` is a known one, possibly with values for its path parameters."""
    parts, known_parts = api.split("/"), known.split("/")
    return len(parts) == len(known_parts) and all(
        part == known_part or (known_part.startswith("{") and known_part.endswith("}") and part)
        for part, known_part in zip(parts, known_parts, strict=True)
    )


def _nearest_api(api: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(api[:300], known, n=1, cutoff=0.7)), "")


def _manifest_path(manifest: Manifest, path: KeyPath) -> KeyPath:
    """The path of a row in the file: an environment's list replaces that of [plugin] completely."""
    own = manifest.environments.get(manifest.environment or "", {}).get("subscriptions")
    if isinstance(own, dict) and path[1] in own and manifest.environment:
        return ("environments", manifest.environment, *path)
    return ("plugin", *path)


def _file(target: TargetEnvironment, state: StateFolder) -> Path:
    address = hashlib.sha256(target.base_url.encode()).hexdigest()[:16]
    return state.catalogs / f"{address}.json"

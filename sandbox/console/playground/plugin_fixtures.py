"""The events in the folders of plugins that ``dev`` watches, as calls of these plugins."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from builder.errors import UsageError
from sandbox.event_files.event_reading import TOKEN_PLACE, read_event
from sandbox.event_files.example_events import CRON, HOOK_TYPES
from sandbox.replay.recorded_calls import DirectCall

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sandbox.event_files.event_reading import CallEvent
    from sandbox.hooks.rules.subscription_matching import HookType

_CONNECTION = frozenset({"host", "content-length", "connection", "transfer-encoding", "x-forwarded-for"})


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginFixture:
    """An event of a plugin.

    Attributes:
        key: Its name in the address of a page: plugin and file.
        plugin: The plugin's full name.
        name: The name of the file without its suffix.
        event: The event; None when the file has none.
        problem: Why it cannot be sent; empty if it can.
    """

    key: str
    plugin: str
    name: str
    event: CallEvent | None
    problem: str = ""

    @property
    def body(self) -> str:
        """The body to edit: indented if it is JSON."""
        event: Mapping[str, Any] = self.event.value if self.event else {}
        body = str(event.get("body") or "")
        try:
            if event.get("isBase64Encoded"):
                body = base64.b64decode(body).decode("utf-8", "replace")
            return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
        except (ValueError, RecursionError):
            return body

    def call(self, endpoint: str, body: str, token_for: Callable[[HookType], str]) -> DirectCall:
        """The call of a plugin with this event.

        Args:
            endpoint: The plugin's endpoint.
            body: The body, which may be an edited one.
            token_for: Returns a token for a hook; it takes the place of ``<token>``.
        """
        event: Mapping[str, Any] = self.event.value if self.event else {}
        hook = self.event.hook if self.event else ""
        token = token_for(HOOK_TYPES[hook][0]) if hook in HOOK_TYPES else TOKEN_PLACE
        http = _object(_object(event.get("requestContext")).get("http"))
        query = str(event.get("rawQueryString") or "")
        path = urlsplit(endpoint).path.rstrip("/") + str(event.get("rawPath") or "/")
        return DirectCall(
            method=str(http.get("method") or "POST"),
            path=path + (f"?{query}" if query else ""),
            headers={
                str(name).lower(): str(value).replace(TOKEN_PLACE, token)
                for name, value in _object(event.get("headers")).items()
                if str(name).lower() not in _CONNECTION
            },
            body=body.replace(TOKEN_PLACE, token).encode(),
        )


def plugin_fixtures(files: Mapping[str, Path]) -> tuple[PluginFixture, ...]:
    """Every event of every watched plugin.

    Args:
        files: The plugin.toml of each plugin, by the plugin's full name.
    """
    return tuple(
        _fixture(plugin, event_file)
        for plugin, file in sorted(files.items())
        for event_file in sorted((file.parent / "events").glob("*.json"))
    )


def _fixture(plugin: str, file: Path) -> PluginFixture:
    event, problem = None, ""
    try:
        event = read_event(file)
    except UsageError as error:
        problem = str(error)
    else:
        if event.hook == CRON:
            problem = "It is a run of the schedule: the page Cron makes one."
    return PluginFixture(key=f"{plugin}/{file.stem}", plugin=plugin, name=file.stem, event=event, problem=problem)


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}

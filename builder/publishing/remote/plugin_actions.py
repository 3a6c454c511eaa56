"""Actions on one plugin, as in the row menu of the BioT Console: enable, disable, delete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.publishing.api.plugin_identity import bare_name
from builder.publishing.failures import NoSuchPlugin, OutcomeUnknown
from builder.publishing.remote.idempotent_retries import apply_change

if TYPE_CHECKING:
    from builder.publishing.api.client import BiotClient
    from builder.publishing.api_values import RemotePlugin
    from builder.publishing.clock import Clock


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionResult:
    """The plugin after an action; ``changed`` says whether anything had to be sent."""

    plugin: RemotePlugin
    changed: bool


def find_plugin(client: BiotClient, name: str) -> RemotePlugin:
    """The plugin with a full name or own name that a user entered.

    Args:
        client: BioT.
        name: ``Plugin-vic`` means ``vic`` if that plugin exists, else the plugin with the own name ``Plugin-vic``.

    Raises:
        NoSuchPlugin: No plugin has this name.
    """
    if name != bare_name(name) and (plugin := client.read(bare_name(name))) is not None:
        return plugin
    return require_plugin(client, name)


def require_plugin(client: BiotClient, name: str) -> RemotePlugin:
    """The plugin with an own name.

    Raises:
        NoSuchPlugin: It does not exist.
    """
    plugin = client.read(name)
    if plugin is None:
        target = client.target
        msg = f"There is no plugin {name} in {target.name} ({target.base_url})."
        hint = f"`biot-plugin list -e {target.name}` shows all plugins."
        raise NoSuchPlugin(msg, hint=hint, status=404, code="PLUGIN_NOT_FOUND")
    return plugin


def set_enabled(client: BiotClient, plugin: RemotePlugin, *, enabled: bool, clock: Clock) -> ActionResult:
    """Enable or disable a plugin that was just read; its code stays.

    Raises:
        NoSuchPlugin: It does not exist any more.
        Conflict, OutcomeUnknown, Unreachable, AccessDenied, Refused: As ``apply_change``.
    """
    if plugin.enabled is enabled:
        return ActionResult(plugin=plugin, changed=False)
    state = "ENABLED" if enabled else "DISABLED"
    latest = plugin

    def send() -> None:
        nonlocal latest
        latest = client.update(plugin.name, {"enabledState": state}, None)

    def in_place() -> bool:
        nonlocal latest
        latest = require_plugin(client, plugin.name)
        return latest.enabled is enabled

    apply_change(send, in_place, clock, what=f"{plugin.name} is {state.lower()}")
    return ActionResult(plugin=latest, changed=True)


def delete_plugin(client: BiotClient, plugin: RemotePlugin, clock: Clock) -> None:
    """Delete a plugin that was just read, with its endpoint, service user, subscriptions and code.

    Raises:
        Conflict, OutcomeUnknown, Unreachable, AccessDenied, Refused: As ``apply_change``.
    """
    unanswered = False

    def is_deleted() -> bool:
        current = client.read(plugin.name)
        # A new plugin with the same name belongs to somebody else, and stays.
        return current is None or current.creation_time != plugin.creation_time

    def send() -> None:
        nonlocal unanswered
        if unanswered and is_deleted():
            return
        try:
            client.delete(plugin.name)
        except NoSuchPlugin:
            return
        except OutcomeUnknown:
            unanswered = True
            raise

    apply_change(send, is_deleted, clock, what=f"{plugin.name} is deleted")

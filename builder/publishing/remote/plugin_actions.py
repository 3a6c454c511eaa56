"""What the row menu of the Console does with one plugin: enable, disable, delete."""

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
    """What was done: ``changed`` says whether anything had to be."""

    plugin: RemotePlugin
    changed: bool


def find_plugin(client: BiotClient, name: str) -> RemotePlugin:
    """The plugin that a person named by its full name or by its own, which has to be there.

    Args:
        client: BioT.
        name: ``Plugin-vic`` is the full name of ``vic``; without such a plugin, the own name of another.

    Raises:
        NoSuchPlugin: No plugin has this name.
    """
    if name != bare_name(name) and (plugin := client.read(bare_name(name))) is not None:
        return plugin
    return require_plugin(client, name)


def require_plugin(client: BiotClient, name: str) -> RemotePlugin:
    """A plugin that has to be there, by its own name.

    Raises:
        NoSuchPlugin: It is not.
    """
    plugin = client.read(name)
    if plugin is None:
        target = client.target
        msg = f"There is no plugin {name} in {target.name} ({target.base_url})."
        hint = f"`biot-plugin list -e {target.name}` shows what is there."
        raise NoSuchPlugin(msg, hint=hint, status=404, code="PLUGIN_NOT_FOUND")
    return plugin


def set_enabled(client: BiotClient, plugin: RemotePlugin, *, enabled: bool, clock: Clock) -> ActionResult:
    """Enable or disable a plugin as it was just read, without touching its code.

    Raises:
        NoSuchPlugin: There is none.
        Conflict, OutcomeUnknown, Unreachable, AccessDenied, Refused: As ``apply_change``.
    """
    if plugin.enabled is enabled:
        return ActionResult(plugin=plugin, changed=False)
    state = "ENABLED" if enabled else "DISABLED"
    newest = plugin

    def send() -> None:
        nonlocal newest
        newest = client.update(plugin.name, {"enabledState": state}, None)

    def in_place() -> bool:
        nonlocal newest
        newest = require_plugin(client, plugin.name)
        return newest.enabled is enabled

    apply_change(send, in_place, clock, what=f"{plugin.name} is {state.lower()}")
    return ActionResult(plugin=newest, changed=True)


def delete_plugin(client: BiotClient, plugin: RemotePlugin, clock: Clock) -> None:
    """Delete a plugin as it was just read, with its endpoint, service user, subscriptions and code.

    Raises:
        Conflict, OutcomeUnknown, Unreachable, AccessDenied, Refused: As ``apply_change``.
    """
    lost = False

    def gone() -> bool:
        now = client.read(plugin.name)
        # Another one of the same name is somebody else's, and stays.
        return now is None or now.creation_time != plugin.creation_time

    def send() -> None:
        nonlocal lost
        if lost and gone():
            return
        try:
            client.delete(plugin.name)
        except NoSuchPlugin:
            return
        except OutcomeUnknown:
            lost = True
            raise

    apply_change(send, gone, clock, what=f"{plugin.name} is deleted")

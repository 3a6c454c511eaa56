"""What the row menu of the Console does with one plugin: enable, disable, delete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.publishing.api.plugin_identity import bare_name
from builder.publishing.failures import NoSuchPlugin, Unsettled
from builder.publishing.remote.idempotent_retries import insist

if TYPE_CHECKING:
    from builder.publishing.api.settings_service import Platform
    from builder.publishing.api_values import RemotePlugin
    from builder.publishing.clock import Clock


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """What was done: ``changed`` says whether anything had to be."""

    plugin: RemotePlugin
    changed: bool


def named(platform: Platform, name: str) -> RemotePlugin:
    """The plugin that a person named by its full name or by its own, which has to be there.

    Args:
        platform: BioT.
        name: ``Plugin-vic`` is the full name of ``vic``; without such a plugin, the own name of another.

    Raises:
        NoSuchPlugin: No plugin has this name.
    """
    if name != bare_name(name) and (plugin := platform.read(bare_name(name))) is not None:
        return plugin
    return existing(platform, name)


def existing(platform: Platform, name: str) -> RemotePlugin:
    """A plugin that has to be there, by its own name.

    Raises:
        NoSuchPlugin: It is not.
    """
    plugin = platform.read(name)
    if plugin is None:
        target = platform.target
        msg = f"There is no plugin {name} in {target.name} ({target.base_url})."
        hint = f"`biot-plugin list -e {target.name}` shows what is there."
        raise NoSuchPlugin(msg, hint=hint, status=404, code="PLUGIN_NOT_FOUND")
    return plugin


def switch(platform: Platform, plugin: RemotePlugin, *, enabled: bool, clock: Clock) -> Act:
    """Enable or disable a plugin as it was just read, without touching its code.

    Raises:
        NoSuchPlugin: There is none.
        Conflict, Unsettled, NotReached, AccessRefused, Refused: See ``builder.publishing.remote.idempotent_retries``.
    """
    if plugin.enabled is enabled:
        return Act(plugin=plugin, changed=False)
    state = "ENABLED" if enabled else "DISABLED"
    newest = plugin

    def send() -> None:
        nonlocal newest
        newest = platform.update(plugin.name, {"enabledState": state}, None)

    def in_place() -> bool:
        nonlocal newest
        newest = existing(platform, plugin.name)
        return newest.enabled is enabled

    insist(send, in_place, clock, what=f"{plugin.name} is {state.lower()}")
    return Act(plugin=newest, changed=True)


def remove(platform: Platform, plugin: RemotePlugin, clock: Clock) -> None:
    """Delete a plugin as it was just read, with its endpoint, service user, subscriptions and code.

    Raises:
        Conflict, Unsettled, NotReached, AccessRefused, Refused: See ``builder.publishing.remote.idempotent_retries``.
    """
    lost = False

    def gone() -> bool:
        now = platform.read(plugin.name)
        # Another one of the same name is somebody else's, and stays.
        return now is None or now.creation_time != plugin.creation_time

    def send() -> None:
        nonlocal lost
        if lost and gone():
            return
        try:
            platform.delete(plugin.name)
        except NoSuchPlugin:
            return
        except Unsettled:
            lost = True
            raise

    insist(send, gone, clock, what=f"{plugin.name} is deleted")

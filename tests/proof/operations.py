"""What a publisher does, and from where: every operation is a command line on a base state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.proof.world import CommandRun, World

PLUGIN = "Plugin-proof"
LOCAL = ("-e", "local", "--json")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One command.

    Attributes:
        name: In tables.
        base: The state it begins from.
        arguments: The command line; ``{folder}`` is the world's.
        changes: Whether it is to change something.
        field: The one field of the plugin that it is about; empty for all.
    """

    name: str
    base: str
    arguments: tuple[str, ...]
    changes: bool = True
    field: str = ""


def _publish(project: str, *options: str) -> tuple[str, ...]:
    return ("publish", "-p", f"{{folder}}/{project}", *LOCAL, *options)


_OWN = ("--endpoint", "https://hook.example.com/proof", *LOCAL)
_NOTIFICATION = ("notification", "device", "_create", *_OWN)
_INTERCEPTION = ("interception", "ADAPT_ENTITY", "patient", *_OWN)

_OF_ZIPS = (
    Operation(name="publish: create", base="empty", arguments=_publish("first")),
    Operation(name="publish: create, disabled first", base="empty", arguments=_publish("first", "--disabled-first")),
    Operation(name="publish: code and settings", base="first", arguments=_publish("second")),
    Operation(name="publish: settings only", base="first", arguments=_publish("settings")),
    Operation(name="publish: nothing to do", base="first", arguments=_publish("first"), changes=False),
    Operation(name="rollback", base="second", arguments=("rollback", "-p", "{folder}/second", "--to", "1", *LOCAL)),
    Operation(name="enable", base="disabled", arguments=("enable", "proof", *LOCAL), field="enabledState"),
    Operation(name="disable", base="first", arguments=("disable", "proof", *LOCAL), field="enabledState"),
    Operation(name="delete", base="first", arguments=("delete", "proof", "--yes", *LOCAL)),
    Operation(name="plan", base="first", arguments=("plan", "-p", "{folder}/second", *LOCAL), changes=False),
    Operation(name="subscribe: notification", base="empty", arguments=("subscribe", *_NOTIFICATION)),
    Operation(name="subscribe: interception", base="empty", arguments=("subscribe", *_INTERCEPTION)),
    Operation(name="unsubscribe: notification", base="subscribed", arguments=("unsubscribe", *_NOTIFICATION)),
    Operation(name="unsubscribe: interception", base="subscribed", arguments=("unsubscribe", *_INTERCEPTION)),
    Operation(name="subscriptions", base="subscribed", arguments=("subscriptions", *LOCAL), changes=False),
    Operation(name="catalog", base="empty", arguments=("catalog", *LOCAL), changes=False),
    Operation(name="list", base="first", arguments=("list", *LOCAL), changes=False),
    Operation(name="show", base="first", arguments=("show", "proof", *LOCAL), changes=False),
)


def _with_an_image(operation: Operation) -> Operation:
    """The same with a plugin that BioT gets as a container image."""
    arguments = tuple(argument.replace("{folder}/", "{folder}/image-") for argument in operation.arguments)
    base = operation.base if operation.base == "empty" else f"image-{operation.base}"
    return replace(operation, name=f"{operation.name}, image", base=base, arguments=arguments)


_NO_IMAGES = ("subscribe", "unsubscribe", "subscriptions", "catalog", "list")
"""These are not about the plugin's package."""
_PLAN_OWN = ("plan", "-p", "{folder}/own-second", *LOCAL)
_OWN_ACCOUNT = (
    Operation(name="publish: create, own account", base="empty", arguments=_publish("own-first")),
    Operation(name="publish: subscriptions, own account", base="own-first", arguments=_publish("own-second")),
    Operation(name="publish: nothing, own account", base="own-first", arguments=_publish("own-first"), changes=False),
    Operation(name="plan, own account", base="own-first", arguments=_PLAN_OWN, changes=False),
)
OPERATIONS = (
    *_OF_ZIPS,
    *(_with_an_image(one) for one in _OF_ZIPS if one.arguments[0] not in _NO_IMAGES),
    *_OWN_ACCOUNT,
)


def prepare(world: World) -> None:
    """Make every base, by the commands themselves."""
    world.keep("empty")
    _must(world, "subscribe", *_NOTIFICATION)
    _must(world, "subscribe", *_INTERCEPTION)
    world.keep("subscribed")
    for kind in ("", "image-"):
        world.restore("empty")
        _must(world, *_publish(f"{kind}first"))
        world.keep(f"{kind}first")
        _must(world, "disable", "proof", *LOCAL)
        world.keep(f"{kind}disabled")
        world.restore(f"{kind}first")
        _must(world, *_publish(f"{kind}second"))
        world.keep(f"{kind}second")

    world.restore("empty")
    _must(world, *_publish("own-first"))
    world.keep("own-first")


def _must(world: World, *arguments: str) -> CommandRun:
    ran = world.call(*arguments)
    assert ran.code == 0, ran
    return ran

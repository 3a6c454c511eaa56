"""Checks that the plugin has a hook for each subscription in plugin.toml, by the names and texts of its own files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from builder.errors import Severity
from builder.manifest.finding import Finding
from builder.manifest.serialization import render_config

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from builder.build_values import OwnFile
    from builder.manifest.finding import KeyPath
    from builder.manifest.model import Manifest

CRON: Final = "cronSchedule"
NOTIFICATIONS: Final = "notifications"
HOOKS: Final = {
    "PRE_REQUEST": "interceptor_pre",
    "POST_REQUEST": "interceptor_post",
    "ADAPT_ENTITY": "interceptor_post_entity",
    NOTIFICATIONS: "notification",
    CRON: "nonspecific",
}
"""Kind of call in the manifest -> the hook that answers it, as the kit's templates and BioT's
samples name it."""

_FILE_EXTENSIONS = {"python": ".py", "nodejs": ".js"}
_CODE = "missing-hook"
_SCRIPTS = (".py", ".js", ".mjs", ".cjs")
_PERFORM = "plugin/perform/"
_SEPARATORS = str.maketrans("", "", "_-")


class _Trigger(Struct, frozen=True, kw_only=True):
    """One entry of the manifest that makes BioT call the plugin.

    Attributes:
        path: Its key.
        kind: A key of ``HOOKS``.
    """

    path: KeyPath
    kind: str

    @property
    def hook(self) -> str:
        return HOOKS[self.kind]


def check_hooks(manifest: Manifest, files: Iterable[OwnFile]) -> tuple[Finding, ...]:
    """Compare the subscriptions with the hooks in the plugin's own files.

    In the layout of the kit's templates a subscription without a hook is an error, because the
    generated flow answers such a call with 400. In every other layout it is at most one warning,
    and only when nothing in the code shows the hook: no file or folder has its name (BioT's samples
    have ``src/interceptorPre``) and, when no hook at all is found by name, no text mentions it. A
    plugin with one kind of call does not have to distinguish calls, so it is not checked.

    Args:
        manifest: With or without an environment applied; without one, the subscriptions of all
            environments count.
        files: The plugin's own files.
    """
    triggers = tuple(_triggers(manifest))
    if not triggers:
        return ()
    files = tuple(files)
    extension = _FILE_EXTENSIONS[manifest.runtime.language]
    hooks_file = next((file for file in files if file.path == f"plugin/hooks{extension}"), None)
    if hooks_file is not None and any(file.path.startswith(_PERFORM) for file in files):
        return tuple(_missing_hooks(triggers, hooks_file, {file.path for file in files}, extension))
    return tuple(_doubtful_hooks(triggers, files))


def _triggers(manifest: Manifest) -> Iterator[_Trigger]:
    applied = manifest.environments.get(manifest.environment or "", {})
    for trigger in _triggers_in(render_config(manifest.plugin), ("plugin",)):
        if _overrides(applied, trigger.path[1:3]):
            yield _Trigger(path=("environments", manifest.environment or "", *trigger.path[1:]), kind=trigger.kind)
        else:
            yield trigger
    if manifest.environment is None:
        for name, table in manifest.environments.items():
            yield from _triggers_in(table, ("environments", name))


def _triggers_in(table: Mapping[str, Any], prefix: KeyPath) -> Iterator[_Trigger]:
    if CRON in table:
        yield _Trigger(path=(*prefix, CRON), kind=CRON)
    subscriptions = table.get("subscriptions", {})
    for index, row in enumerate(subscriptions.get("interceptions", ())):
        yield _Trigger(path=(*prefix, "subscriptions", "interceptions", index, "type"), kind=row["type"])
    for index in range(len(subscriptions.get(NOTIFICATIONS, ()))):
        yield _Trigger(path=(*prefix, "subscriptions", NOTIFICATIONS, index), kind=NOTIFICATIONS)


def _overrides(environment: Mapping[str, Any], keys: KeyPath) -> bool:
    value: object = environment
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True


def _missing_hooks(
    triggers: Iterable[_Trigger], hooks_file: OwnFile, paths: set[str], extension: str
) -> Iterator[Finding]:
    text = hooks_file.content.decode("utf-8", "replace")
    listed = {hook for hook in HOOKS.values() if re.search(rf"\b{hook}\b", text)}
    folder = hooks_file.origin.removesuffix(f"hooks{extension}") + "perform/"
    for trigger in triggers:
        hook = trigger.hook
        if f"{_PERFORM}{hook}{extension}" not in paths:
            reason = f"{folder}{hook}{extension} does not exist"
        elif hook not in listed:
            reason = f"{hooks_file.origin} does not list it"
        else:
            continue
        yield Finding(
            path=trigger.path,
            code=_CODE,
            message=f"BioT would call the hook {hook}, but {reason}, so the plugin would answer each call with 400.",
            hint=f"Remove it, or add the hook with `biot-plugin add {hook}`.",
        )


def _doubtful_hooks(triggers: tuple[_Trigger, ...], files: tuple[OwnFile, ...]) -> Iterator[Finding]:
    hooks_in_code = set(_hooks_in_names(files))
    if not hooks_in_code:
        hooks_in_code = _hooks_in_text(files)
        if not hooks_in_code and len({trigger.hook for trigger in triggers}) == 1:
            return
    doubtful = [trigger for trigger in triggers if trigger.hook not in hooks_in_code]
    if not doubtful:
        return
    kinds = ", ".join(dict.fromkeys(trigger.kind for trigger in doubtful))
    hooks = ", ".join(dict.fromkeys(trigger.hook for trigger in doubtful))
    yield Finding(
        path=doubtful[0].path,
        code=_CODE,
        message=f"Cannot check whether the plugin answers {kinds}: nothing in its code is named {hooks}.",
        severity=Severity.WARNING,
    )


def _hooks_in_names(files: Iterable[OwnFile]) -> Iterator[str]:
    """The hooks that a file or folder is named after, in any spelling."""
    hooks = {hook.translate(_SEPARATORS): hook for hook in HOOKS.values()}
    for file in files:
        for part in file.path.split("/"):
            hook = hooks.get(part.partition(".")[0].translate(_SEPARATORS).lower())
            if hook is not None and file.path.endswith(_SCRIPTS):
                yield hook


def _hooks_in_text(files: Iterable[OwnFile]) -> set[str]:
    """The hooks that a script mentions, as BioT's header or a name of the language spells them."""
    text = b"\n".join(file.content for file in files if file.path.endswith(_SCRIPTS)).lower()
    patterns = {hook: hook.encode().replace(b"_", b"_?") for hook in HOOKS.values()}
    return {hook for hook, pattern in patterns.items() if re.search(rb"(?<![a-z])%b(?![a-z_])" % pattern, text)}

"""Does the plugin answer what plugin.toml subscribes it to? Decided from the names and texts of its own files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

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
"""What the manifest asks BioT for -> the hook that answers it, as the kit's templates and BioT's samples name it."""

_ENDINGS = {"python": ".py", "nodejs": ".js"}
_SCRIPTS = (".py", ".js", ".mjs", ".cjs")
_PERFORM = "plugin/perform/"
_SEPARATORS = str.maketrans("", "", "_-")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Call:
    """One entry of the manifest because of which BioT calls the plugin: its key and a key of ``HOOKS``."""

    path: KeyPath
    kind: str

    @property
    def hook(self) -> str:
        return HOOKS[self.kind]


def check_hooks(manifest: Manifest, files: Iterable[OwnFile]) -> tuple[Finding, ...]:
    """Compare the subscriptions with the hooks that the plugin's own files answer.

    In the layout of the kit's templates an unanswered subscription is an error, because the generated flow answers
    such a call with 400. In every other layout it is at most one warning, and only for hooks of which nothing in the
    code tells: neither a file or folder that is named after the hook (BioT's samples have ``src/interceptorPre``) nor,
    without such names, a text that mentions it. A plugin with one kind of call need not tell calls apart, so it is left
    alone.

    Args:
        manifest: With or without an environment applied; without one, the subscriptions of all environments count.
        files: The plugin's own files.
    """
    calls = tuple(_calls(manifest))
    if not calls:
        return ()
    files = tuple(files)
    ending = _ENDINGS[manifest.runtime.language]
    table = next((file for file in files if file.path == f"plugin/hooks{ending}"), None)
    if table is not None and any(file.path.startswith(_PERFORM) for file in files):
        return tuple(_refusals(calls, table, {file.path for file in files}, ending))
    return tuple(_doubts(calls, files))


def _calls(manifest: Manifest) -> Iterator[_Call]:
    applied = manifest.environments.get(manifest.environment or "", {})
    for call in _calls_of(render_config(manifest.plugin), ("plugin",)):
        if _overrides(applied, call.path[1:3]):
            yield _Call(path=("environments", manifest.environment or "", *call.path[1:]), kind=call.kind)
        else:
            yield call
    if manifest.environment is None:
        for name, table in manifest.environments.items():
            yield from _calls_of(table, ("environments", name))


def _calls_of(table: Mapping[str, Any], place: KeyPath) -> Iterator[_Call]:
    if CRON in table:
        yield _Call(path=(*place, CRON), kind=CRON)
    subscriptions = table.get("subscriptions", {})
    for index, row in enumerate(subscriptions.get("interceptions", ())):
        yield _Call(path=(*place, "subscriptions", "interceptions", index, "type"), kind=row["type"])
    for index in range(len(subscriptions.get(NOTIFICATIONS, ()))):
        yield _Call(path=(*place, "subscriptions", NOTIFICATIONS, index), kind=NOTIFICATIONS)


def _overrides(environment: Mapping[str, Any], keys: KeyPath) -> bool:
    value: object = environment
    for key in keys:
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True


def _refusals(calls: Iterable[_Call], table: OwnFile, paths: set[str], ending: str) -> Iterator[Finding]:
    text = table.content.decode("utf-8", "replace")
    listed = {hook for hook in HOOKS.values() if re.search(rf"\b{hook}\b", text)}
    folder = table.origin.removesuffix(f"hooks{ending}") + "perform/"
    for call in calls:
        hook = call.hook
        if f"{_PERFORM}{hook}{ending}" not in paths:
            reason = f"there is no {folder}{hook}{ending}"
        elif hook not in listed:
            reason = f"{table.origin} does not list it"
        else:
            continue
        hooks = ", ".join(sorted({*listed, hook}))
        yield Finding(
            path=call.path,
            message=f"BioT would call the hook {hook}, but {reason}, so the plugin would answer each call with 400.",
            hint=f"Remove it, or add the hook with `biot-plugin update --ref :current: -d 'hooks=[{hooks}]'`.",
        )


def _doubts(calls: Iterable[_Call], files: tuple[OwnFile, ...]) -> Iterator[Finding]:
    calls = tuple(calls)
    known = set(_named(files))
    if not known:
        known = _mentioned(files)
        if not known and len({call.hook for call in calls}) == 1:
            return
    doubtful = [call for call in calls if call.hook not in known]
    if not doubtful:
        return
    kinds = ", ".join(dict.fromkeys(call.kind for call in doubtful))
    hooks = ", ".join(dict.fromkeys(call.hook for call in doubtful))
    yield Finding(
        path=doubtful[0].path,
        message=f"Whether the plugin answers {kinds} could not be checked: nothing in its code is named {hooks}.",
        severity=Severity.WARNING,
    )


def _named(files: Iterable[OwnFile]) -> Iterator[str]:
    """The hooks that a file or folder is named after, however the name is spelled."""
    hooks = {hook.translate(_SEPARATORS): hook for hook in HOOKS.values()}
    for file in files:
        for part in file.path.split("/"):
            hook = hooks.get(part.partition(".")[0].translate(_SEPARATORS).lower())
            if hook is not None and file.path.endswith(_SCRIPTS):
                yield hook


def _mentioned(files: Iterable[OwnFile]) -> set[str]:
    """The hooks that a script mentions, in the spelling of BioT's header or as a name of the language."""
    text = b"\n".join(file.content for file in files if file.path.endswith(_SCRIPTS)).lower()
    patterns = {hook: hook.encode().replace(b"_", b"_?") for hook in HOOKS.values()}
    return {hook for hook, pattern in patterns.items() if re.search(rb"(?<![a-z])%b(?![a-z_])" % pattern, text)}

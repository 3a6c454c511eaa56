"""The plugin as wanted and as BioT has it -> what has to be sent. Pure: no request, no file, no clock.

Rules of BioT's specification 2.4.2, ``PATCH /settings/v2/plugins/{name}``: new code needs a larger version, anything
else needs the version as it is; what is left out stays; maps and lists are replaced whole; ``name`` and
``deploymentPackageType`` cannot be changed, and nothing says how a ``cronSchedule`` is removed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from builder.errors import Problem
from builder.platform.limits import VERSION_MAX
from builder.platform.reserved_variables import TREE_DIGEST_NAME, TREE_VERSION_NAME
from builder.publishing.failures import NotPossible, VersionsExhausted
from builder.publishing.planning.differences import (
    CORS,
    DISABLED,
    SCALARS,
    STATE,
    SUBSCRIPTIONS,
    VARIABLES,
    ChangeSign,
    FieldChange,
    compare,
    own_variables,
)
from builder.publishing.planning.plan import Create, Unchanged, Update

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from builder.publishing.api_values import RemotePlugin
    from builder.publishing.planning.plan import DesiredPlugin, ReleasePlan

_ANEW: Final = "Delete the plugin and publish it again: it gets another endpoint URL and another service user."
_SHOWN: Final = 19
_SEED_DEPLOYED: Final = "No code is sent: BioT deploys its seed for the runtime, and the next publish sends yours."
_CREATED_DISABLED: Final = (
    "The plugin is created disabled, because plugin.toml has no enabledState. `biot-plugin enable` enables it; later "
    "publishes leave its state as it is."
)


def make_plan(desired: DesiredPlugin, remote: RemotePlugin | None) -> ReleasePlan:
    """What has to be sent so that BioT has the plugin as wanted.

    Args:
        desired: The plugin as wanted.
        remote: The plugin as BioT has it, or None.

    Raises:
        NotPossible: BioT's API has no way from the one to the other; carries every reason.
        VersionsExhausted: New code would need a version above 32767.
    """
    if remote is None:
        return _create(desired)
    if reasons := tuple(_barriers(desired, remote)):
        msg = f"BioT cannot change {desired.name} to what plugin.toml says."
        raise NotPossible(msg, hint="Nothing was sent. Mend each place named above.", problems=reasons)
    changes = compare(desired.settings, remote.fields)
    reason = _code_reason(desired, remote)
    if reason is None and not changes:
        return Unchanged(remote=remote, notes=_doubts(desired, remote))
    if reason is None:
        return Update(
            sent=_sent(desired, remote, changes, version=remote.version),
            code=None,
            before=remote,
            version_to=remote.version,
            changes=changes,
            notes=(*_doubts(desired, remote), *_state_notes(changes)),
        )
    return _with_code(desired, remote, changes, reason)


def code_published(desired: DesiredPlugin, remote: RemotePlugin) -> bool:
    """Whether BioT says that this very code runs: the digest, under the version it was published as."""
    mark = remote.environment_variables.get(TREE_VERSION_NAME)
    held = desired.code is not None and remote.tree_digest == desired.code.tree_digest
    return held and mark in {None, str(remote.version)}


def _create(desired: DesiredPlugin) -> Create:
    config = dict(desired.settings)
    if desired.marked:
        config[VARIABLES] = _variables(desired, version=desired.version)
    if desired.code is not None and desired.code.image_tag is not None:
        config["imageTag"] = desired.code.image_tag
        config.pop("runtime", None)  # ignored beside a tag
    config.setdefault(STATE, DISABLED)
    changes = compare({**desired.settings, STATE: config[STATE]}, {})
    notes = () if STATE in desired.settings else (_CREATED_DISABLED,)
    notes = notes if desired.code is not None else (_SEED_DEPLOYED, *notes)
    return Create(config=config, code=desired.code, version_to=desired.version, changes=changes, notes=notes)


def _with_code(desired: DesiredPlugin, remote: RemotePlugin, changes: tuple[FieldChange, ...], reason: str) -> Update:
    if remote.version >= VERSION_MAX:
        msg = (
            f"{desired.name} has version {remote.version}, the last that BioT takes: no code can be published any more."
        )
        raise VersionsExhausted(msg, hint=f"Settings can still be changed. For new code: {_ANEW}")
    version = remote.version + 1
    notes = (reason,) if reason else ()
    if desired.version not in {version, remote.version}:
        notes = (*notes, f"plugin.toml says version {desired.version}; BioT's next one is {version}, and that is sent.")
    return Update(
        sent=_sent(desired, remote, changes, version=version),
        code=desired.code,
        before=remote,
        version_to=version,
        changes=changes,
        notes=(*notes, *_state_notes(changes)),
    )


def _state_notes(changes: tuple[FieldChange, ...]) -> tuple[str, ...]:
    """What publishing does to the plugin's state: too important to be one line among the settings."""
    states = (change.new for change in changes if change.field == STATE)
    return tuple(
        f'This {"disables" if state == DISABLED else "enables"} the plugin: plugin.toml has enabledState = "{state}".'
        for state in states
    )


def _code_reason(desired: DesiredPlugin, remote: RemotePlugin) -> str | None:
    """Why the code has to be sent, empty when the digests say it all; None when BioT has it."""
    if desired.code is None or (desired.marked and code_published(desired, remote)):
        return None
    if not desired.marked:
        return _reason_by_version(desired, remote)
    if remote.tree_digest is None:
        return "BioT does not say which code runs, because it was not published by this kit: yours is sent."
    mark = remote.environment_variables.get(TREE_VERSION_NAME)
    if mark not in {None, str(remote.version)}:
        return (
            f"Version {remote.version} was published by other means: the digest that BioT still shows belongs to "
            f"version {mark}."
        )
    return ""


def _reason_by_version(desired: DesiredPlugin, remote: RemotePlugin) -> str | None:
    if desired.version == remote.version:
        return None
    if desired.version == remote.version + 1:
        return (
            f"The version grows from {remote.version} to {desired.version}; without a digest nothing else is compared."
        )
    msg = (
        "Without a digest only versions tell code apart, and plugin.toml says "
        f"{desired.version} where BioT has {remote.version}."
    )
    raise NotPossible(
        msg,
        hint=f"Write version = {remote.version + 1} for new code, or {remote.version} for the code that is there.",
    )


def _doubts(desired: DesiredPlugin, remote: RemotePlugin) -> tuple[str, ...]:
    if desired.code is None or desired.marked:
        return ()
    return (f"The code is taken for the same because both say version {remote.version}; no digest was compared.",)


def _sent(
    desired: DesiredPlugin, remote: RemotePlugin, changes: tuple[FieldChange, ...], *, version: int
) -> dict[str, object]:
    touched = {change.field.partition(".")[0] for change in changes}
    new_code = version != remote.version
    sent: dict[str, object] = {"version": version}
    sent.update({name: desired.settings[name] for name in SCALARS if name in touched})
    if new_code and desired.code is not None and desired.code.image_tag is not None:
        sent["imageTag"] = desired.code.image_tag
    if VARIABLES in touched or new_code:
        sent[VARIABLES] = _variables(desired, version=version if new_code else None, remote=remote)
    if SUBSCRIPTIONS in touched:
        sent[SUBSCRIPTIONS] = _subscriptions(desired.settings, remote)
    if CORS in touched:
        sent[CORS] = desired.settings[CORS]
    return sent


def _variables(desired: DesiredPlugin, *, version: int | None, remote: RemotePlugin | None = None) -> dict[str, object]:
    """The full set: what is left out is removed. BioT adds its own again and refuses to be sent them."""
    variables = own_variables(desired.settings)
    if desired.marked and desired.code is not None:
        variables[TREE_DIGEST_NAME] = desired.code.tree_digest
        mark = str(version) if version is not None else remote and remote.environment_variables.get(TREE_VERSION_NAME)
        if mark is not None:
            variables[TREE_VERSION_NAME] = mark
    return variables


def _subscriptions(desired: Mapping[str, object], remote: RemotePlugin) -> dict[str, object]:
    """All three keys, also empty lists: to PATCH, an empty object would mean that nothing changes."""
    table, had = (
        side if isinstance(side, dict) else {}
        for side in (desired.get(SUBSCRIPTIONS), remote.fields.get(SUBSCRIPTIONS))
    )
    order = table.get("interceptionOrder", had.get("interceptionOrder"))
    lists = {name: table.get(name, []) for name in ("interceptions", "notifications")}
    return lists if order is None else {"interceptionOrder": order, **lists}


def _barriers(desired: DesiredPlugin, remote: RemotePlugin) -> Iterator[Problem]:
    if remote.name != desired.name:
        message = f"BioT calls this plugin {remote.name}, and names cannot be changed."
        yield _barrier("name", message, f'Write name = "{remote.name}". To rename it: {_ANEW}')
    kind, had = (side.get("deploymentPackageType") or "ZIP" for side in (desired.settings, remote.fields))
    if kind != had:
        message = f"BioT has this plugin as {had}, and a plugin cannot become {kind}."
        yield _barrier("deploymentPackageType", message, f'Write "{had}". To change it: {_ANEW}')
    cron = remote.fields.get("cronSchedule")
    if cron and not desired.settings.get("cronSchedule"):
        message = f'BioT runs this plugin by cronSchedule = "{cron}", and its API has no way to take a schedule away.'
        hint = 'Write that schedule, or one that never comes ("0 0 1 1 ? 1970"). To be rid of it: ' + _ANEW
        yield _barrier("cronSchedule", message, hint)


def _barrier(key: str, message: str, hint: str) -> Problem:
    return Problem(file="plugin.toml", key=f"plugin.{key}", message=message, hint=hint)


def code_lines(release: ReleasePlan) -> tuple[FieldChange, ...]:
    """Code and version as lines of the plan, beside the settings."""
    if isinstance(release, Unchanged):
        return ()
    had = release.before.tree_digest if release.before is not None else None
    sign = ChangeSign.ADD if release.before is None else ChangeSign.CHANGE
    lines = [FieldChange(sign=sign, field="version", old=_number(release.version_from), new=str(release.version_to))]
    if release.code is not None:
        old = "" if release.before is None else _short(had) or "unknown"
        lines.append(FieldChange(sign=sign, field="code", old=old, new=_short(release.code.tree_digest)))
    elif release.before is None:
        lines.append(FieldChange(sign=sign, field="code", new="BioT's seed"))
    elif release.version_from == release.version_to:
        lines = []
    return tuple(lines)


def all_lines(release: ReleasePlan) -> tuple[FieldChange, ...]:
    """The whole plan line by line: version and code first, then the settings.

    A new plugin's settings are all additions, also where BioT would have a default.
    """
    if isinstance(release, Unchanged):
        return ()
    settings = release.changes
    if isinstance(release, Create):
        settings = tuple(replace(change, sign=ChangeSign.ADD, old="") for change in settings)
    return (*code_lines(release), *settings)


def _number(version: int | None) -> str:
    return "" if version is None else str(version)


def _short(digest: str | None) -> str:
    return "" if digest is None else digest if len(digest) <= _SHOWN else f"{digest[:_SHOWN]}…"

"""Compare the desired plugin with the plugin on BioT and plan what to send. Pure: no request, no file, no clock.

Rules of BioT's specification 2.4.2, ``PATCH /settings/v2/plugins/{name}``: new code needs a larger version, any other
change needs the current version; fields that are left out stay; maps and lists are replaced completely; ``name`` and
``deploymentPackageType`` cannot be changed, and there is no documented way to remove a ``cronSchedule``.
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

_RECREATE: Final = "Delete the plugin and publish it again; it gets a new endpoint URL and a new service user."
_SHORT_DIGEST: Final = 19
_SEED_DEPLOYED: Final = "No code is sent: BioT deploys its seed code for the runtime, and the next publish sends yours."
_CREATED_DISABLED: Final = (
    "The plugin is created disabled, because plugin.toml has no enabledState. Enable it with `biot-plugin enable`; "
    "later publishes leave its state as it is."
)


def make_plan(desired: DesiredPlugin, remote: RemotePlugin | None) -> ReleasePlan:
    """What has to be sent so that BioT has the plugin as wanted.

    Args:
        desired: The plugin to reach.
        remote: The plugin as BioT has it, or None.

    Raises:
        NotPossible: BioT's API cannot make this change; carries every reason.
        VersionsExhausted: New code would need a version above 32767.
    """
    if remote is None:
        return _create(desired)
    if problems := tuple(_find_barriers(desired, remote)):
        msg = f"BioT cannot change {desired.name} to what plugin.toml says."
        raise NotPossible(msg, hint="Nothing was sent. Fix each place listed above.", problems=problems)
    changes = compare(desired.settings, remote.fields)
    reason = _code_reason(desired, remote)
    if reason is None and not changes:
        return Unchanged(remote=remote, notes=_uncertainty_notes(desired, remote))
    if reason is None:
        return Update(
            sent=_sent(desired, remote, changes, version=remote.version),
            code=None,
            before=remote,
            version_to=remote.version,
            changes=changes,
            notes=(*_uncertainty_notes(desired, remote), *_state_notes(changes)),
        )
    return _with_code(desired, remote, changes, reason)


def code_published(desired: DesiredPlugin, remote: RemotePlugin) -> bool:
    """Whether BioT shows the digest of this very code, under the version that it was published as."""
    version_mark = remote.environment_variables.get(TREE_VERSION_NAME)
    same_digest = desired.code is not None and remote.tree_digest == desired.code.tree_digest
    return same_digest and version_mark in {None, str(remote.version)}


def _create(desired: DesiredPlugin) -> Create:
    config = dict(desired.settings)
    if desired.marked:
        config[VARIABLES] = _variables(desired, version=desired.version)
    if desired.code is not None and desired.code.image_tag is not None:
        config["imageTag"] = desired.code.image_tag
        config.pop("runtime", None)  # BioT ignores it beside a tag
    config.setdefault(STATE, DISABLED)
    changes = compare({**desired.settings, STATE: config[STATE]}, {})
    notes = () if STATE in desired.settings else (_CREATED_DISABLED,)
    notes = notes if desired.code is not None else (_SEED_DEPLOYED, *notes)
    return Create(config=config, code=desired.code, version_to=desired.version, changes=changes, notes=notes)


def _with_code(desired: DesiredPlugin, remote: RemotePlugin, changes: tuple[FieldChange, ...], reason: str) -> Update:
    if remote.version >= VERSION_MAX:
        msg = (
            f"{desired.name} has version {remote.version}, the last one that BioT takes: no new code can be published."
        )
        raise VersionsExhausted(msg, hint=f"Settings can still be changed. To publish new code: {_RECREATE}")
    version = remote.version + 1
    notes = (reason,) if reason else ()
    if desired.version not in {version, remote.version}:
        notes = (
            *notes,
            f"plugin.toml has version {desired.version}, but BioT's next version is {version}; that is sent.",
        )
    return Update(
        sent=_sent(desired, remote, changes, version=version),
        code=desired.code,
        before=remote,
        version_to=version,
        changes=changes,
        notes=(*notes, *_state_notes(changes)),
    )


def _state_notes(changes: tuple[FieldChange, ...]) -> tuple[str, ...]:
    """Whether publishing enables or disables the plugin: too important to be one line among the settings."""
    states = (change.new for change in changes if change.field == STATE)
    return tuple(
        f'This {"disables" if state == DISABLED else "enables"} the plugin: plugin.toml has enabledState = "{state}".'
        for state in states
    )


def _code_reason(desired: DesiredPlugin, remote: RemotePlugin) -> str | None:
    """Why the code has to be sent, empty when the digests differ; None when BioT has it."""
    if desired.code is None or (desired.marked and code_published(desired, remote)):
        return None
    if not desired.marked:
        return _reason_by_version(desired, remote)
    if remote.tree_digest is None:
        return "BioT does not show which code runs, because this kit did not publish it: yours is sent."
    version_mark = remote.environment_variables.get(TREE_VERSION_NAME)
    if version_mark not in {None, str(remote.version)}:
        return (
            f"Version {remote.version} was not published by this kit: the digest that BioT still shows belongs to "
            f"version {version_mark}."
        )
    return ""


def _reason_by_version(desired: DesiredPlugin, remote: RemotePlugin) -> str | None:
    if desired.version == remote.version:
        return None
    if desired.version == remote.version + 1:
        return (
            f"The version goes from {remote.version} to {desired.version}; without a digest nothing else is compared."
        )
    msg = (
        f"Without a digest only versions are compared: plugin.toml has version {desired.version}, and BioT has "
        f"{remote.version}."
    )
    raise NotPossible(
        msg,
        hint=f"Write version = {remote.version + 1} for new code, or {remote.version} to keep the current code.",
    )


def _uncertainty_notes(desired: DesiredPlugin, remote: RemotePlugin) -> tuple[str, ...]:
    if desired.code is None or desired.marked:
        return ()
    return (f"Both have version {remote.version}, so the code counts as the same; no digest was compared.",)


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
    """All variables: those left out are removed. BioT adds its own again and refuses them in a request."""
    variables = own_variables(desired.settings)
    if desired.marked and desired.code is not None:
        variables[TREE_DIGEST_NAME] = desired.code.tree_digest
        version_mark = (
            str(version) if version is not None else remote and remote.environment_variables.get(TREE_VERSION_NAME)
        )
        if version_mark is not None:
            variables[TREE_VERSION_NAME] = version_mark
    return variables


def _subscriptions(desired: Mapping[str, object], remote: RemotePlugin) -> dict[str, object]:
    """All three keys, also with empty lists: for PATCH an empty object means no change."""
    new, old = (
        side if isinstance(side, dict) else {}
        for side in (desired.get(SUBSCRIPTIONS), remote.fields.get(SUBSCRIPTIONS))
    )
    order = new.get("interceptionOrder", old.get("interceptionOrder"))
    lists = {name: new.get(name, []) for name in ("interceptions", "notifications")}
    return lists if order is None else {"interceptionOrder": order, **lists}


def _find_barriers(desired: DesiredPlugin, remote: RemotePlugin) -> Iterator[Problem]:
    if remote.name != desired.name:
        message = f"This plugin is named {remote.name} on BioT, and names cannot be changed."
        yield _barrier("name", message, f'Write name = "{remote.name}". To rename it: {_RECREATE}')
    package_type, old_type = (
        fields.get("deploymentPackageType") or "ZIP" for fields in (desired.settings, remote.fields)
    )
    if package_type != old_type:
        message = f"This plugin is {old_type} on BioT, and a plugin cannot become {package_type}."
        yield _barrier("deploymentPackageType", message, f'Write "{old_type}". To change it: {_RECREATE}')
    cron = remote.fields.get("cronSchedule")
    if cron and not desired.settings.get("cronSchedule"):
        message = f'BioT runs this plugin by cronSchedule = "{cron}", and its API cannot remove a schedule.'
        hint = 'Write that schedule, or one that never comes ("0 0 1 1 ? 1970"). To remove it: ' + _RECREATE
        yield _barrier("cronSchedule", message, hint)


def _barrier(key: str, message: str, hint: str) -> Problem:
    return Problem(file="plugin.toml", key=f"plugin.{key}", message=message, hint=hint, code="not-possible")


def code_lines(plan: ReleasePlan) -> tuple[FieldChange, ...]:
    """Code and version as lines of the plan."""
    if isinstance(plan, Unchanged):
        return ()
    old_digest = plan.before.tree_digest if plan.before is not None else None
    sign = ChangeSign.ADD if plan.before is None else ChangeSign.CHANGE
    lines = [FieldChange(sign=sign, field="version", old=_number(plan.version_from), new=str(plan.version_to))]
    if plan.code is not None:
        old = "" if plan.before is None else _short(old_digest) or "unknown"
        lines.append(FieldChange(sign=sign, field="code", old=old, new=_short(plan.code.tree_digest)))
    elif plan.before is None:
        lines.append(FieldChange(sign=sign, field="code", new="BioT's seed"))
    elif plan.version_from == plan.version_to:
        lines = []
    return tuple(lines)


def all_lines(plan: ReleasePlan) -> tuple[FieldChange, ...]:
    """The complete plan line by line: version and code first, then the settings.

    All settings of a new plugin are additions, also where BioT has a default.
    """
    if isinstance(plan, Unchanged):
        return ()
    settings = plan.changes
    if isinstance(plan, Create):
        settings = tuple(replace(change, sign=ChangeSign.ADD, old="") for change in settings)
    return (*code_lines(plan), *settings)


def _number(version: int | None) -> str:
    return "" if version is None else str(version)


def _short(digest: str | None) -> str:
    return "" if digest is None else digest if len(digest) <= _SHORT_DIGEST else f"{digest[:_SHORT_DIGEST]}…"

"""A plan in a file: the changes, the artifact, and the state of BioT. It contains no value that may be secret.

``publish --plan`` does not execute the file: it plans again and refuses when the result differs.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Final

from builder.archive.atomic_files import atomic_file
from builder.errors import PublishError
from builder.publishing.failures import StalePlan
from builder.publishing.planning.differences import CODE_VARIABLES, VARIABLES, own_variables
from builder.publishing.planning.plan import Unchanged
from builder.publishing.planning.planner import all_lines
from builder.publishing.state_folder import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from builder.publishing.api_values import RemotePlugin, TargetEnvironment
    from builder.publishing.planning.differences import FieldChange
    from builder.publishing.planning.plan import DesiredPlugin, ReleasePlan

SCHEMA: Final = 1
_ROUNDS: Final = 50_000
_PLAN_AGAIN: Final = "Run `biot-plugin plan --out FILE` again, check the changes, then publish that plan."


def describe_change(change: FieldChange) -> dict[str, object]:
    """One line of a plan as JSON, without values of environment variables."""
    described: dict[str, object] = {"sign": change.sign.value, "field": change.field}
    if change.hidden is None:
        described |= {"old": change.old, "new": change.new}
    return described


def plan_document(target: TargetEnvironment, desired: DesiredPlugin, plan: ReleasePlan) -> dict[str, object]:
    """The plan as the JSON document that is written to a file."""
    remote = plan.remote if isinstance(plan, Unchanged) else plan.before
    salt = os.urandom(16).hex()
    return {
        "schema": SCHEMA,
        "plugin": desired.name,
        "environment": target.name,
        "baseUrl": target.base_url,
        "treeDigest": desired.code.tree_digest if desired.code is not None else None,
        "salt": salt,
        "settings": _settings_digest(desired, salt),
        "platform": _platform(remote),
        "versionFrom": remote.version if remote is not None else None,
        "versionTo": remote.version if isinstance(plan, Unchanged) and remote is not None else _to(plan),
        "changes": [describe_change(change) for change in all_lines(plan)],
    }


def write_plan(document: Mapping[str, object], file: Path) -> None:
    """Write a plan; a failure leaves no partial file.

    Raises:
        PackagingError: It cannot be written.
    """
    with atomic_file(file.absolute()) as stream:
        stream.write(json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n")


def read_plan(file: Path) -> Mapping[str, object]:
    """A plan from a file.

    Raises:
        PublishError: It cannot be read, or is not what ``write_plan`` writes.
    """
    try:
        document = read_json(file.read_bytes())
    except OSError as error:
        msg = f"The plan {file} cannot be read: {error.strerror}."
        raise PublishError(msg, hint=_PLAN_AGAIN) from error
    except ValueError:
        document = None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA or not isinstance(document.get("salt"), str):
        msg = f"{file} is not a plan of this version of the kit."
        raise PublishError(msg, hint=_PLAN_AGAIN)
    return document


def require_same_plan(
    document: Mapping[str, object], target: TargetEnvironment, desired: DesiredPlugin, plan: ReleasePlan
) -> None:
    """Compare with the plan that was made before.

    Raises:
        StalePlan: Something changed since; says what.
    """
    current = plan_document(target, desired, plan)
    current |= {"settings": _settings_digest(desired, str(document["salt"]))}
    already_published = isinstance(plan, Unchanged)  # by this plan or another: nothing can go wrong
    for key, change in _REASONS.items():
        if document.get(key) != current[key] and not (already_published and key in {"platform", "changes"}):
            msg = f"The plan is stale: {change}. Nothing was sent."
            raise StalePlan(msg, hint=_PLAN_AGAIN)


_REASONS: Final = {
    "plugin": "it is for another plugin",
    "baseUrl": "it is for another environment",
    "treeDigest": "the code changed since it was made",
    "settings": "the settings in plugin.toml changed since it was made",
    "platform": "somebody changed the plugin on BioT since it was made",
    "changes": "publishing would change something else now",
}


def _to(plan: ReleasePlan) -> int | None:
    return None if isinstance(plan, Unchanged) else plan.version_to


def _platform(remote: RemotePlugin | None) -> Mapping[str, object] | None:
    """The plugin on BioT. Values of variables must not be included; the times show that they changed."""
    if remote is None:
        return None
    shown = {key: value for key, value in remote.fields.items() if key != VARIABLES}
    shown["variables"] = sorted(own_variables(remote.fields))
    shown["marks"] = {key: value for key, value in remote.environment_variables.items() if key in CODE_VARIABLES}
    text = json.dumps(shown, sort_keys=True, default=str)
    return {
        "version": remote.version,
        "created": remote.creation_time,
        "lastModified": remote.last_modified_time,
        "fields": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
    }


def _settings_digest(desired: DesiredPlugin, salt: str) -> str:
    """A digest of all settings with the variables; slow and salted, so that short values cannot be guessed."""
    text = json.dumps(desired.settings, sort_keys=True).encode("utf-8", "surrogatepass")
    return hashlib.pbkdf2_hmac("sha256", text, salt.encode(), _ROUNDS).hex()

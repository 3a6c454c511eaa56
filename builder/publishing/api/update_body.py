"""What updates send: the body of PATCH, and that of PUT for a server that knows no PATCH. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.platform.reserved_variables import BIOT_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

_ANSWERED_ONLY = frozenset({"endpointUrl", "linkToConsole", "creationTime", "lastModifiedTime"})
_FIXED = frozenset({"name", "deploymentPackageType"})
_SUBSCRIPTION_KEYS = ("interceptionOrder", "interceptions", "notifications")


def patch_body(changes: Mapping[str, object]) -> dict[str, object]:
    """What PATCH takes: no field that is fixed for ever, and of ``subscriptions`` all three keys or none.

    BioT's specification marks all three as required although its text lets them be left out; ``null`` is its "no
    change" for the order, and an empty list means none.
    """
    body = {key: value for key, value in changes.items() if key not in _FIXED}
    subscriptions = body.get("subscriptions")
    if isinstance(subscriptions, dict):
        empty: dict[str, object] = {"interceptionOrder": None, "interceptions": [], "notifications": []}
        body["subscriptions"] = {key: subscriptions.get(key, empty[key]) for key in _SUBSCRIPTION_KEYS}
    return body


def put_body(fields: Mapping[str, object], changes: Mapping[str, object], name: str) -> dict[str, object]:
    """What PUT takes: every field of the plugin as it is, with the changes over them.

    Args:
        fields: The plugin's, as BioT answered them.
        changes: What PATCH would have taken.
        name: Without ``Plugin-``.
    """
    body = {key: value for key, value in fields.items() if key not in _ANSWERED_ONLY and value is not None}
    body |= changes
    variables = body.get("environmentVariables")
    if isinstance(variables, dict):
        # BioT adds its own again, and refuses them from anybody else.
        body["environmentVariables"] = {key: one for key, one in variables.items() if not key.startswith(BIOT_PREFIX)}
    return {**body, "name": name}

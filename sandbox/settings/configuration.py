"""From a request and what is there to the whole configuration of a plugin. Pure: every decision about fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.platform.limits import NAME_PREFIX
from sandbox.settings.plugin_schema import cors_defaults, default, refused_update
from sandbox.web.biot_errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.settings.plugin_schema import Config

_PLAIN = ("timeout", "memorySize", "ephemeralStorage", "enabledState", "analyticsDbAccess", "environmentVariables")
_LISTS = ("interceptions", "notifications")


@dataclass(frozen=True, kw_only=True, slots=True)
class DesiredPlugin:
    """What a plugin is to be.

    Attributes:
        config: Every field that the answer tells; runtime and handler are None for IMAGE.
        image_tag: The tag that was sent; None when none was, or the plugin is no IMAGE.
        code_changes: Whether the request brings code, as the platform counts it.
    """

    config: Config
    image_tag: str | None
    code_changes: bool


def full_name(name: str) -> str:
    """The name that the platform uses: it puts its prefix before whatever was asked for."""
    return NAME_PREFIX + name


def configure_new_plugin(request: Mapping[str, object], *, with_code: bool) -> DesiredPlugin:
    """A new plugin: what is not sent gets its default.

    Raises:
        ApiError: 400, the fields do not fit the package type.
    """
    image = request.get("deploymentPackageType", default("deploymentPackageType")) == "IMAGE"
    tag = request.get("imageTag") if image else None
    if "runtime" not in request and not tag:
        msg = "runtime is missing: a ZIP plugin needs it, and an IMAGE plugin without imageTag too."
        raise bad_request(msg)
    if with_code:
        _refuse_code(image=image)
    return DesiredPlugin(
        config={
            **{key: request[key] for key in ("name", "displayName", "version")},
            **_runtime(request, image=image),
            **{key: request.get(key, default(key)) for key in _PLAIN},
            **({"cronSchedule": request["cronSchedule"]} if "cronSchedule" in request else {}),
            "deploymentPackageType": "IMAGE" if image else "ZIP",
            "subscriptions": _subscriptions({}, _table(request, "subscriptions")),
            "cors": {**cors_defaults(), **_table(request, "cors")},
        },
        image_tag=str(tag) if tag else None,
        code_changes=with_code or bool(tag),
    )


def apply_partial_update(current: Config, request: Mapping[str, object], *, with_code: bool) -> DesiredPlugin:
    """PATCH: what is not sent stays; maps and lists that are sent replace the old ones whole.

    Raises:
        ApiError: 400, code for an IMAGE plugin, or a version that breaks the version rule.
    """
    image = current["deploymentPackageType"] == "IMAGE"
    ignored = {"imageTag", "runtime", "handler"} if image else {"imageTag"}
    changed = {key: value for key, value in request.items() if key not in ignored}
    config = {
        **current,
        **changed,
        "subscriptions": _subscriptions(_table(current, "subscriptions"), _table(request, "subscriptions")),
        "cors": {**_table(current, "cors"), **_table(request, "cors")},
    }
    return _updated(current, config, request, with_code=with_code)


def apply_replacement(current: Config, request: Mapping[str, object], *, with_code: bool) -> DesiredPlugin:
    """PUT: what is not sent falls back to its default. Code is no field: without new code the old one stays.

    Raises:
        ApiError: 400, another name or package type, code for an IMAGE plugin, or the version rule is broken.
    """
    if request["name"] not in {current["name"], full_name(str(current["name"]))}:
        msg = "name cannot change: it must be the plugin's own."
        raise refused_update(msg)
    kind = current["deploymentPackageType"]
    if request.get("deploymentPackageType", kind) != kind:
        msg = f"deploymentPackageType cannot change: it is {kind}."
        raise refused_update(msg)
    whole = {"runtime": current["runtime"] or "", **request, "name": current["name"], "deploymentPackageType": kind}
    if kind == "ZIP" and "runtime" not in request:
        msg = "runtime is missing: a ZIP plugin needs it."
        raise refused_update(msg)
    return _updated(current, configure_new_plugin(whole, with_code=False).config, request, with_code=with_code)


def _updated(current: Config, config: Config, request: Mapping[str, object], *, with_code: bool) -> DesiredPlugin:
    image = current["deploymentPackageType"] == "IMAGE"
    if with_code:
        _refuse_code(image=image)
    tag = request.get("imageTag") if image else None
    wanted = DesiredPlugin(config=config, image_tag=str(tag) if tag else None, code_changes=with_code or bool(tag))
    _check_version(int(str(current["version"])), int(str(config["version"])), code_changes=wanted.code_changes)
    return wanted


def _check_version(current: int, asked: int, *, code_changes: bool) -> None:
    details = {"currentVersion": current, "requestVersion": asked}
    if code_changes and asked <= current:
        message = f"With new code the version must be larger than {current}."
        raise bad_request(message, "PLUGIN_VERSION_MUST_BE_LARGER_WHEN_UPDATING_CODE", details)
    if not code_changes and asked != current:
        message = f"Without new code the version stays {current}."
        raise bad_request(message, "PLUGIN_VERSION_MUST_NOT_BE_CHANGED_WHEN_NOT_UPDATING_CODE", details)


def _refuse_code(*, image: bool) -> None:
    if image:
        message = "The part code is for ZIP plugins; an IMAGE plugin is updated by its imageTag."
        raise bad_request(message, "PLUGIN_CODE_IS_NOT_SUPPORTED_FOR_IMAGE_DEPLOYMENT_PACKAGE_TYPE")


def _runtime(request: Mapping[str, object], *, image: bool) -> Config:
    """The image itself says what runs in it, so BioT tells neither of an IMAGE plugin."""
    if image:
        return {"runtime": None, "handler": None}
    return {"runtime": request["runtime"], "handler": request.get("handler", default("handler"))}


def _subscriptions(current: Config, sent: Config) -> Config:
    lists: Config = {key: [] for key in _LISTS}
    return {**lists, **current, **sent}


def _table(config: Mapping[str, object], key: str) -> Config:
    value = config.get(key)
    return value if isinstance(value, dict) else {}

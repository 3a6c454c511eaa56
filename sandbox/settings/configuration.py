"""Compute the complete configuration of a plugin from a request and the current one. Pure decisions, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.platform.limits import NAME_PREFIX
from sandbox.settings.plugin_schema import cors_defaults, default, invalid_update
from sandbox.web.biot_errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.settings.plugin_schema import Config

_PLAIN = ("timeout", "memorySize", "ephemeralStorage", "enabledState", "analyticsDbAccess", "environmentVariables")
_LISTS = ("interceptions", "notifications")


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfiguredPlugin:
    """The plugin as it will be after a request.

    Attributes:
        config: All fields of the response; runtime and handler are None for IMAGE.
        image_tag: The tag in the request; None without one, and for a plugin that is not an IMAGE.
        code_changes: Whether the request changes the code, by the platform's definition.
    """

    config: Config
    image_tag: str | None
    code_changes: bool


def full_name(name: str) -> str:
    """Return the name that the platform uses: the requested name with the platform's prefix."""
    return NAME_PREFIX + name


def configure_new_plugin(request: Mapping[str, object], *, with_code: bool) -> ConfiguredPlugin:
    """Configure a new plugin (POST): a field that is not sent gets its default.

    Raises:
        ApiError: 400, the fields do not fit the package type.
    """
    image = request.get("deploymentPackageType", default("deploymentPackageType")) == "IMAGE"
    tag = request.get("imageTag") if image else None
    if "runtime" not in request and not tag:
        msg = "runtime is missing: it is required for a ZIP plugin, and for an IMAGE plugin without imageTag."
        raise bad_request(msg)
    if with_code:
        _refuse_code(image=image)
    return ConfiguredPlugin(
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


def apply_partial_update(current: Config, request: Mapping[str, object], *, with_code: bool) -> ConfiguredPlugin:
    """Apply a partial update (PATCH): a field that is not sent stays, and a map or list replaces the old one.

    Raises:
        ApiError: 400, the request has code for an IMAGE plugin, or breaks the version rule.
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


def apply_replacement(current: Config, request: Mapping[str, object], *, with_code: bool) -> ConfiguredPlugin:
    """Apply a replacement (PUT): a field that is not sent gets its default. Without new code, the old code stays.

    Raises:
        ApiError: 400, the request changes name or package type, has code for an IMAGE plugin, or breaks the version
            rule.
    """
    if request["name"] not in {current["name"], full_name(str(current["name"]))}:
        msg = f"name cannot change: the plugin is {current['name']}."
        raise invalid_update(msg)
    package_type = current["deploymentPackageType"]
    if request.get("deploymentPackageType", package_type) != package_type:
        msg = f"deploymentPackageType cannot change: it is {package_type}."
        raise invalid_update(msg)
    if package_type == "ZIP" and "runtime" not in request:
        msg = "runtime is missing: it is required for a ZIP plugin."
        raise invalid_update(msg)
    fixed = {"name": current["name"], "deploymentPackageType": package_type}
    complete_request = {"runtime": current["runtime"] or "", **request, **fixed}
    config = configure_new_plugin(complete_request, with_code=False).config
    return _updated(current, config, request, with_code=with_code)


def _updated(current: Config, config: Config, request: Mapping[str, object], *, with_code: bool) -> ConfiguredPlugin:
    image = current["deploymentPackageType"] == "IMAGE"
    if with_code:
        _refuse_code(image=image)
    tag = request.get("imageTag") if image else None
    desired = ConfiguredPlugin(config=config, image_tag=str(tag) if tag else None, code_changes=with_code or bool(tag))
    _check_version(int(str(current["version"])), int(str(config["version"])), code_changes=desired.code_changes)
    return desired


def _check_version(current: int, requested: int, *, code_changes: bool) -> None:
    details = {"currentVersion": current, "requestVersion": requested}
    if code_changes and requested <= current:
        message = f"With new code, version must be larger than {current}."
        raise bad_request(message, "PLUGIN_VERSION_MUST_BE_LARGER_WHEN_UPDATING_CODE", details)
    if not code_changes and requested != current:
        message = f"Without new code, version must stay {current}."
        raise bad_request(message, "PLUGIN_VERSION_MUST_NOT_BE_CHANGED_WHEN_NOT_UPDATING_CODE", details)


def _refuse_code(*, image: bool) -> None:
    if image:
        message = "An IMAGE plugin takes no code. Change its imageTag instead."
        raise bad_request(message, "PLUGIN_CODE_IS_NOT_SUPPORTED_FOR_IMAGE_DEPLOYMENT_PACKAGE_TYPE")


def _runtime(request: Mapping[str, object], *, image: bool) -> Config:
    """Return runtime and handler. BioT returns neither for an IMAGE plugin, because the image defines both."""
    if image:
        return {"runtime": None, "handler": None}
    return {"runtime": request["runtime"], "handler": request.get("handler", default("handler"))}


def _subscriptions(current: Config, sent: Config) -> Config:
    lists: Config = {key: [] for key in _LISTS}
    return {**lists, **current, **sent}


def _table(config: Mapping[str, object], key: str) -> Config:
    value = config.get(key)
    return value if isinstance(value, dict) else {}

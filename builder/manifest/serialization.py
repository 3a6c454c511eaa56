"""``Manifest`` -> the words of the platform: the JSON that BioT receives, and plugin.toml again."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING

from builder.manifest.model import Build, PackageType, Plugin, Subscriptions
from builder.platform.reserved_variables import TREE_DIGEST_NAME

if TYPE_CHECKING:
    from builder.manifest.model import Manifest


def render_config(plugin: Plugin, *, tree_digest: str | None = None) -> dict[str, object]:
    """The JSON object that ``POST /settings/v2/plugins`` receives as ``config``.

    Documented defaults are always there, because BioT's documents and its schema disagree on them (``timeout``: 3 or
    60 seconds). What has no value is left out, and so is what BioT ignores for the package type.

    Args:
        plugin: The plugin with one environment applied.
        tree_digest: ``sha256:<hex>`` of the artifact's tree, to be kept in ``PLUGIN_TREE_DIGEST``.
    """
    if tree_digest is not None:
        variables = {**plugin.environment_variables, TREE_DIGEST_NAME: tree_digest}
        plugin = replace(plugin, environment_variables=variables)
    table = _table(plugin)
    if plugin.subscriptions == Subscriptions():
        table["subscriptions"] = {}
    if plugin.deployment_package_type is PackageType.IMAGE:
        del table["handler"]
        if plugin.image_tag is not None:
            table.pop("runtime", None)
    return table


def render_toml(manifest: Manifest) -> str:
    """The manifest as TOML that parses back to an equal manifest (with the same file and environment).

    Values that equal the default are left out; comments are not kept, since a manifest has none.
    """
    import tomli_w

    plain = Plugin(name="", display_name="", version=0)
    document: dict[str, object] = {"plugin": _differing(manifest.plugin, plain)}
    if build := _differing(manifest.build, Build()):
        document["build"] = build
    if manifest.environments:
        document["environments"] = manifest.environments
    return tomli_w.dumps(document, multiline_strings=False)


def _differing(value: Plugin | Build, default: Plugin | Build) -> dict[str, object]:
    defaults = _table(default)
    return {key: item for key, item in _table(value).items() if key not in defaults or item != defaults[key]}


def _table(value: object) -> dict[str, object]:
    if not is_dataclass(value):
        return {}
    # BioT's words are in camel case; the kit's own, as in TOML files of other tools, have hyphens.
    spelled = _hyphened if isinstance(value, Build) else _camel
    items = ((spelled(field.name), getattr(value, field.name)) for field in fields(value))
    return {key: _plain(item) for key, item in items if item is not None}


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, str):
        # An enumeration's member becomes its text, which is what JSON and TOML writers take.
        return str(value)
    return _table(value) if is_dataclass(value) else value


def _hyphened(name: str) -> str:
    return name.replace("_", "-")


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)

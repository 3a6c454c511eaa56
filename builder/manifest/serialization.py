"""``Manifest`` -> the JSON that BioT receives, or plugin.toml again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from builder.json_keys import camel_case
from builder.manifest.model import Build, PackageType, Plugin, Subscriptions
from builder.platform.reserved_variables import TREE_DIGEST_NAME

if TYPE_CHECKING:
    from builder.manifest.model import Manifest


def render_config(plugin: Plugin, *, tree_digest: str | None = None) -> dict[str, object]:
    """The JSON object that ``POST /settings/v2/plugins`` receives as ``config``.

    Documented defaults are always included, because BioT's documents and its schema disagree on them
    (``timeout``: 3 or 60 seconds). Keys without a value are left out, and so are those that BioT ignores
    for the package type.

    Args:
        plugin: The plugin with one environment applied.
        tree_digest: ``sha256:<hex>`` of the artifact's tree, to be stored in ``PLUGIN_TREE_DIGEST``.
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

    Values that equal the default are left out. Comments are lost, because ``Manifest`` has none.
    """
    import tomli_w

    defaults = Plugin(name="", display_name="", version=0)
    # The key of the document itself comes first: TOML would take it for a key of the last table.
    document: dict[str, object] = {} if manifest.hosting == "biot" else {"hosting": manifest.hosting}
    document |= {"plugin": _without_defaults(manifest.plugin, defaults)}
    if build := _without_defaults(manifest.build, Build()):
        document["build"] = build
    if manifest.environments:
        document["environments"] = manifest.environments
    return tomli_w.dumps(document, multiline_strings=False)


def _without_defaults(value: Plugin | Build, default: Plugin | Build) -> dict[str, object]:
    defaults = _table(default)
    return {key: item for key, item in _table(value).items() if key not in defaults or item != defaults[key]}


def _table(value: object) -> dict[str, object]:
    if not isinstance(value, Struct):
        return {}
    # BioT's keys are in camel case; the kit's own have hyphens, as in TOML files of other tools.
    spell = _with_hyphens if isinstance(value, Build) else camel_case
    items = ((spell(name), getattr(value, name)) for name in value.__struct_fields__)
    return {key: _plain(item) for key, item in items if item is not None}


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, str):
        # A member of an enumeration becomes its text: JSON and TOML writers need that.
        return str(value)
    return _table(value) if isinstance(value, Struct) else value


def _with_hyphens(name: str) -> str:
    return name.replace("_", "-")

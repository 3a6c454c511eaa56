"""Read the versions of plugins, compare two of them, and roll a plugin back to one."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from builder.platform.reserved_variables import TREE_VERSION_NAME
from sandbox.json_diff import diff
from sandbox.settings import plugin_operations
from sandbox.settings.code.code_store import CodeStore, Upload
from sandbox.settings.code.upload_form import UploadForm
from sandbox.settings.configuration import ConfiguredPlugin
from sandbox.settings.history.version_code import VersionCode
from sandbox.settings.history.version_table import PluginVersion, VersionTable
from sandbox.settings.plugin_schema import FIXED
from sandbox.settings.plugin_table import PluginTable
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    import sqlite3

    from sandbox.instance_state import InstanceState
    from sandbox.json_diff import Change
    from sandbox.settings.plugin_schema import Config

_CONFLICT = 409
_CHUNK = 1 << 20
_VARIABLES = "environmentVariables"


def versions_of(state: InstanceState, name: str) -> list[PluginVersion]:
    """Return the versions of a plugin, the newest first: the first one is the plugin as it is now.

    Raises:
        ApiError: 404, there is no such plugin.
    """
    with state.database.read() as connection:
        row = PluginTable(state, connection).find(name)
        return VersionTable(connection).of_plugin(row["full_name"])


def compare_versions(old: PluginVersion, new: PluginVersion) -> tuple[Change, ...]:
    """Return what changed from one version to another: settings, and the digest of the code."""
    return diff(_document(old), _document(new))


def version_of(state: InstanceState, name: str, number: int) -> PluginVersion:
    """Return one version of a plugin.

    Raises:
        ApiError: 404, there is no such plugin or version.
    """
    with state.database.read() as connection:
        row = PluginTable(state, connection).find(name)
        return _find(connection, row, number)


def roll_back(state: InstanceState, name: str, number: int) -> None:
    """Give a plugin the settings and the code of an earlier version, under a new version number.

    Raises:
        ApiError: 404, there is no such plugin or version; 409, its code is no longer stored.
    """
    with state.database.read() as connection:
        row = PluginTable(state, connection).find(name)
        wanted = _find(connection, row, number)
    changes_code = (wanted.code_sha256, wanted.image_tag) != (row["code_sha256"], row["image_tag"])
    with ExitStack() as stack:
        code = _stored_code(state, wanted, stack) if changes_code and wanted.image_tag is None else None
        decide = partial(_as_before, wanted, changes_code)
        plugin_operations.update(state, name, decide, UploadForm(config="", code=code))


def _find(connection: sqlite3.Connection, row: sqlite3.Row, number: int) -> PluginVersion:
    found = VersionTable(connection).find(row["full_name"], number)
    if found is None:
        message = f"{row['full_name']} has no change {number} that is still known. Only the newest are kept."
        raise ApiError(404, "PLUGIN_VERSION_NOT_FOUND", message)
    return found


def _stored_code(state: InstanceState, wanted: PluginVersion, stack: ExitStack) -> Upload:
    file = VersionCode.beside(state.database).file(wanted.code_sha256 or "")
    if wanted.code_sha256 is None or not file.exists():
        message = f"The code of version {wanted.version} is no longer stored. Publish it again from its sources."
        raise ApiError(_CONFLICT, "PLUGIN_CODE_NOT_FOUND", message)
    upload = stack.enter_context(Upload(CodeStore.beside(state.database).folder))
    with file.open("rb") as stream:
        shutil.copyfileobj(stream, upload, _CHUNK)
    upload.finish()
    return upload


def _as_before(wanted: PluginVersion, changes_code: bool, current: Config) -> ConfiguredPlugin:
    version = int(str(current["version"])) + changes_code
    config: dict[str, Any] = {**wanted.config, **{key: current[key] for key in FIXED}, "version": version}
    if TREE_VERSION_NAME in config[_VARIABLES]:  # the kit finds the code's digest only under its version
        config[_VARIABLES] = {**config[_VARIABLES], TREE_VERSION_NAME: str(version)}
    return ConfiguredPlugin(config=config, image_tag=wanted.image_tag, code_changes=changes_code)


def _document(version: PluginVersion) -> dict[str, object]:
    code = {"sha256": version.code_sha256} if version.image_tag is None else {"imageTag": version.image_tag}
    return {**version.config, "code": code}

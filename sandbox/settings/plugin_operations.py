"""The operations on plugins, from the text of the request to the text of the response.

Everything is decided before the upload is checked, so that errors are reported at once, and outside of the transaction
that writes, so that no other request has to wait. Inside the transaction, whatever depends on the database is checked
again; if the plugin was changed in the meantime, everything is decided again.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from sandbox.registry.blob_files import BlobFiles
from sandbox.search.filters import SearchProperty
from sandbox.search.search_query import SearchableList, run_search
from sandbox.settings.code.code_check import check_handler, read_zip_paths
from sandbox.settings.code.code_store import CodeStore
from sandbox.settings.configuration import configure_new_plugin
from sandbox.settings.history.version_code import VersionCode
from sandbox.settings.plugin_subscriptions import response_with_moved_orders, with_moved_orders
from sandbox.settings.plugin_table import PluginTable, PreparedPlugin, config_of, prepare_plugin
from sandbox.settings.undocumented_behavior import PREFIXED_NAMES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from sandbox.instance_state import InstanceState
    from sandbox.settings.code.code_store import Upload
    from sandbox.settings.code.upload_form import UploadForm
    from sandbox.settings.configuration import ConfiguredPlugin
    from sandbox.settings.plugin_schema import Config

    Decide = Callable[[Config], ConfiguredPlugin]

_PROPS = {
    "name": SearchProperty(column="full_name" if PREFIXED_NAMES else "name"),
    "displayName": SearchProperty(column="display_name"),
    "version": SearchProperty(column="version", kind="number"),
    "endpointUrl": SearchProperty(column="endpoint_url"),
    "timeout": SearchProperty(column="timeout", kind="number"),
    "runtime": SearchProperty(column="runtime"),
    "handler": SearchProperty(column="handler"),
    "memorySize": SearchProperty(column="memory_size", kind="number"),
    "enabledState": SearchProperty(column="enabled_state"),
    "creationTime": SearchProperty(column="creation_time", kind="time"),
    "lastModifiedTime": SearchProperty(column="last_modified_time", kind="time"),
    "deploymentPackageType": SearchProperty(column="deployment_package_type"),
    "ephemeralStorage": SearchProperty(column="ephemeral_storage", kind="number"),
}
PLUGINS = SearchableList(
    source="plugins",
    columns="response",
    props=_PROPS,
    sortable=frozenset(_PROPS),
    default_sort="creation_time DESC",
    key="full_name",
)


def search(state: InstanceState, request: str | None) -> str:
    """Return a page of plugins."""
    return run_search(state.database, PLUGINS, request, itemgetter("response"))


def get(state: InstanceState, name: str) -> str:
    """Return a plugin."""
    with state.database.read() as connection:
        row = PluginTable(state, connection).find(name)
        return response_with_moved_orders(connection, row, row["response"])


def configuration(state: InstanceState, name: str) -> Config:
    """Return the complete configuration of a plugin, as it was requested."""
    with state.database.read() as connection:
        return config_of(PluginTable(state, connection).find(name))


def create(state: InstanceState, request: Config, form: UploadForm) -> str:
    """Create a plugin with its code, service user, endpoint and subscriptions, or change nothing."""
    desired = configure_new_plugin(request, with_code=form.code is not None)
    prepared = prepare_plugin(desired, today=state.clock.now().date(), creating=True)
    with state.database.read() as connection:
        PluginTable(state, connection).check_new(desired)
    _check_code(form, desired)
    with state.database.write() as connection:
        plugins = PluginTable(state, connection)
        plugins.check_new(desired)
        response = plugins.create(prepared, form.code.sha256 if form.code else None)
        response = response_with_moved_orders(connection, plugins.find(str(desired.config["name"])), response)
        if form.code:
            _store_code(state, connection, form.code)
    return response


def update(state: InstanceState, name: str, decide: Decide, form: UploadForm) -> str:
    """Change a plugin completely or not at all.

    Args:
        state: The state of the local BioT.
        name: The name in the path.
        decide: Computes the desired plugin from the current configuration.
        form: The request.
    """

    def prepared_for(connection: sqlite3.Connection, row: sqlite3.Row) -> PreparedPlugin:
        config = with_moved_orders(connection, row, config_of(row))
        return prepare_plugin(decide(config), today=state.clock.now().date(), creating=False)

    with state.database.read() as connection:
        plugins = PluginTable(state, connection)
        before = plugins.find(name)
        prepared = prepared_for(connection, before)
        plugins.check_image(prepared.desired)
    _check_code(form, prepared.desired)
    with state.database.write() as connection:
        plugins = PluginTable(state, connection)
        row = plugins.find(name)
        if row["config"] != before["config"]:  # changed in the meantime: decide again for the current one
            prepared = prepared_for(connection, row)
        plugins.check_image(prepared.desired)
        response = plugins.change(row, prepared, form.code.sha256 if form.code else None)
        response = response_with_moved_orders(connection, row, response)
        if form.code:
            _store_code(state, connection, form.code)
    if form.code:
        _delete_unused_code(state, row["code_sha256"])
    return response


def delete(state: InstanceState, name: str) -> None:
    """Delete a plugin and everything that was created for it."""
    with state.database.write() as connection:
        plugins = PluginTable(state, connection)
        row = plugins.find(name)
        blobs = plugins.delete(row)
        VersionCode.beside(state.database).sweep(connection)
    _delete_unused_code(state, row["code_sha256"])
    if blobs:
        with state.database.write() as connection:
            BlobFiles.beside(state.database).delete_unlinked(connection, blobs)


def _store_code(state: InstanceState, connection: sqlite3.Connection, code: Upload) -> None:
    store = CodeStore.beside(state.database)
    VersionCode.beside(state.database).keep(connection, store.file(store.add(code)))


def _delete_unused_code(state: InstanceState, sha256: str | None) -> None:
    """Delete unused code. This follows the main transaction, whose rollback would still need the code."""
    with state.database.write() as connection:
        CodeStore.beside(state.database).delete_unused(connection, sha256)


def _check_code(form: UploadForm, desired: ConfiguredPlugin) -> None:
    """Check the upload as Lambda would, outside of every transaction, because unpacking takes time."""
    if form.code:
        paths = read_zip_paths(form.code.path, form.code.size)
        check_handler(paths, str(desired.config["runtime"]), str(desired.config["handler"]))

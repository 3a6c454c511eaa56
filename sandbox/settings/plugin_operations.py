"""What each request about plugins does, from its text to the answer's text.

Everything is decided before the upload is looked at, so that a refusal comes at once, and outside of the transaction
that writes, so that nobody waits for it. Inside, what depends on the database is checked again, and everything is
decided again when somebody came in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.search.filters import SearchProperty
from sandbox.search.search_query import SearchableList, envelope, find, parse_search
from sandbox.settings.code.code_check import check_handler, read_zip_paths
from sandbox.settings.code.code_store import CodeStore
from sandbox.settings.configuration import configure_new_plugin
from sandbox.settings.plugin_subscriptions import answer_with_moved_orders, with_moved_orders
from sandbox.settings.plugin_table import PluginTable, PreparedPlugin, config_of, prepare_plugin
from sandbox.settings.undocumented_behavior import PREFIXED_NAMES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from sandbox.instance_state import InstanceState
    from sandbox.settings.code.upload_form import UploadForm
    from sandbox.settings.configuration import DesiredPlugin
    from sandbox.settings.plugin_schema import Config

    Decide = Callable[[Config], DesiredPlugin]

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
    """A page of plugins."""
    asked = parse_search(request, PLUGINS)
    with state.database.read() as connection:
        found = find(connection, PLUGINS, asked)
    return envelope((row["response"] for row in found.rows), found, asked)


def get(state: InstanceState, name: str) -> str:
    """One plugin."""
    with state.database.read() as connection:
        row = PluginTable(state, connection).find(name)
        return answer_with_moved_orders(connection, row, row["response"])


def create(state: InstanceState, request: Config, form: UploadForm) -> str:
    """Make a plugin: its code, service user, endpoint and subscriptions, or nothing of it."""
    wanted = configure_new_plugin(request, with_code=form.code is not None)
    prepared = prepare_plugin(wanted, today=state.clock.now().date(), creating=True)
    with state.database.read() as connection:
        PluginTable(state, connection).check_new(wanted)
    _check_code(form, wanted)
    with state.database.write() as connection:
        plugins = PluginTable(state, connection)
        plugins.check_new(wanted)
        answer = plugins.create(prepared, form.code.sha256 if form.code else None)
        answer = answer_with_moved_orders(connection, plugins.find(str(wanted.config["name"])), answer)
        if form.code:
            CodeStore.beside(state.database).keep(form.code)
    return answer


def update(state: InstanceState, name: str, decide: Decide, form: UploadForm) -> str:
    """Change a plugin, or nothing of it.

    Args:
        state: Of the local BioT.
        name: From the path.
        decide: What the plugin is to be, from what it is.
        form: The request.
    """

    def prepared_for(connection: sqlite3.Connection, row: sqlite3.Row) -> PreparedPlugin:
        config = with_moved_orders(connection, row, config_of(row))
        return prepare_plugin(decide(config), today=state.clock.now().date(), creating=False)

    with state.database.read() as connection:
        plugins = PluginTable(state, connection)
        before = plugins.find(name)
        prepared = prepared_for(connection, before)
        plugins.check_image(prepared.wanted)
    _check_code(form, prepared.wanted)
    store = CodeStore.beside(state.database)
    with state.database.write() as connection:
        plugins = PluginTable(state, connection)
        row = plugins.find(name)
        if row["config"] != before["config"]:  # somebody came in between: decide again, for what is there now
            prepared = prepared_for(connection, row)
        plugins.check_image(prepared.wanted)
        answer = plugins.change(row, prepared, form.code.sha256 if form.code else None)
        answer = answer_with_moved_orders(connection, row, answer)
        if form.code:
            store.keep(form.code)
    if form.code:
        _drop_code(state, row["code_sha256"])
    return answer


def delete(state: InstanceState, name: str) -> None:
    """Remove a plugin and everything that was made for it."""
    with state.database.write() as connection:
        plugins = PluginTable(state, connection)
        row = plugins.find(name)
        plugins.delete(row)
    _drop_code(state, row["code_sha256"])


def _drop_code(state: InstanceState, sha256: str | None) -> None:
    """After the transaction: were it undone, the code would have to be there still."""
    with state.database.write() as connection:
        CodeStore.beside(state.database).drop(connection, sha256)


def _check_code(form: UploadForm, wanted: DesiredPlugin) -> None:
    """The upload against Lambda, outside every transaction: unpacking takes its time."""
    if form.code:
        paths = read_zip_paths(form.code.path, form.code.size)
        check_handler(paths, str(wanted.config["runtime"]), str(wanted.config["handler"]))

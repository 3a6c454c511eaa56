"""Repairs before the first request: a local BioT may start on another port than before, or after it was killed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from sandbox.clock import iso
from sandbox.dispatcher.subscription_table import move_endpoint
from sandbox.plugin_endpoints import endpoint_url
from sandbox.registry.blob_files import UNUSED_SECONDS, BlobFiles
from sandbox.registry.repository_table import unlink_old_blobs
from sandbox.settings.code.code_store import CodeStore
from sandbox.settings.history.version_code import VersionCode
from sandbox.settings.plugin_response import ServerFields, response_text
from sandbox.settings.plugin_table import config_of

if TYPE_CHECKING:
    import sqlite3

    from sandbox.instance_state import InstanceState


def repair_plugins(state: InstanceState) -> None:
    """Give every plugin the current address, and delete uploads that belong to no plugin or image.

    Nothing else may use the database meanwhile.
    """
    with state.database.write() as connection:
        for row in connection.execute("SELECT * FROM plugins").fetchall():
            _repair_plugin(connection, row, state.settings.base_url)
        CodeStore.beside(state.database).sweep(connection)
        VersionCode.beside(state.database).sweep(connection)
        unlink_old_blobs(connection, iso(state.clock.now() - timedelta(seconds=UNUSED_SECONDS)))
        BlobFiles.beside(state.database).sweep(connection, state.clock.now())


def _repair_plugin(connection: sqlite3.Connection, row: sqlite3.Row, base_url: str) -> None:
    system = {**json.loads(row["system_variables"]), "BIOT_BASE_URL": base_url}
    server_fields = ServerFields(
        base_url=base_url,
        created=row["creation_time"],
        modified=row["last_modified_time"],
        system_variables=system,
    )
    endpoint = endpoint_url(base_url, row["full_name"])
    response = response_text(config_of(row), server_fields)
    if (endpoint, response) == (row["endpoint_url"], row["response"]):
        return
    move_endpoint(connection, row["endpoint_url"], endpoint)
    connection.execute(
        "UPDATE plugins SET endpoint_url = ?, response = ?, system_variables = ? WHERE full_name = ?",
        (endpoint, response, json.dumps(system, ensure_ascii=False), row["full_name"]),
    )

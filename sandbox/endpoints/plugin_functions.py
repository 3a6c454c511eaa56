"""From a plugin in the database to the function that Lambda would run."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.endpoints.plugin_images import plugin_image
from sandbox.functions.function_configuration import CorsSettings, FunctionConfiguration
from sandbox.settings.code.code_store import CodeStore
from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from sandbox.database import Database

_COLUMNS = (
    "full_name, runtime, handler, timeout, memory_size, ephemeral_storage, enabled_state, "
    "config, code_sha256, image_tag, image_digest, system_variables"
)


def function_of(database: Database, plugin: str) -> FunctionConfiguration:
    """Return the function of an enabled plugin.

    Args:
        database: Of the local BioT.
        plugin: The plugin's name with the platform's prefix.

    Raises:
        ApiError: 404 ``PLUGIN_NOT_FOUND``; 503 ``PLUGIN_DISABLED``, or ``PLUGIN_NOT_RUNNING`` for a plugin without
            code, or with an image that cannot run here. BioT documents none of them for endpoints.
    """
    row = _row(database, plugin)
    config = json.loads(row["config"])
    cors = config["cors"]
    image = plugin_image(database, plugin, row["image_digest"]) if row["image_digest"] else None
    sha256 = image.digest.removeprefix("sha256:") if image else row["code_sha256"]
    return FunctionConfiguration(
        name=row["full_name"],
        runtime=image.runtime if image else row["runtime"],
        handler=image.handler if image else row["handler"],
        image=image,
        artifact=CodeStore.beside(database).file(sha256),
        artifact_sha256=sha256,
        timeout_seconds=row["timeout"],
        memory_megabytes=row["memory_size"],
        ephemeral_storage_megabytes=row["ephemeral_storage"],
        variables=_variables(config["environmentVariables"], row),
        cors=CorsSettings(
            allow_origins=tuple(cors["allowOrigins"]),
            allow_methods=tuple(cors["allowMethods"]),
            allow_headers=tuple(cors["allowHeaders"]),
            expose_headers=tuple(cors["exposeHeaders"]),
        ),
    )


def function_after_update(
    database: Database, plugin: str, sha256: str, variables: Mapping[str, object]
) -> FunctionConfiguration:
    """Return the function of an enabled plugin as it will be after an update of its code.

    Args:
        database: Of the local BioT.
        plugin: The plugin's name with the platform's prefix.
        sha256: Of the new code, in hexadecimal.
        variables: The plugin's new ``environmentVariables``.

    Raises:
        ApiError: As ``function_of``.
    """
    return replace(
        function_of(database, plugin),
        artifact=CodeStore.beside(database).file(sha256),
        artifact_sha256=sha256,
        variables=_variables(variables, _row(database, plugin)),
    )


def _row(database: Database, plugin: str) -> sqlite3.Row:
    with database.read() as connection:
        row: sqlite3.Row | None = connection.execute(
            f"SELECT {_COLUMNS} FROM plugins WHERE full_name = ?",  # noqa: S608 - only names from this module
            (plugin,),
        ).fetchone()
    if row is None:
        raise ApiError(404, "PLUGIN_NOT_FOUND", "There is no plugin with this name.", {"pluginName": plugin})
    if reason := _reason_not_to_run(row):
        code, message = reason
        raise ApiError(503, code, message, {"pluginName": plugin})
    return row


def _variables(own: Mapping[str, object], row: sqlite3.Row) -> tuple[tuple[str, str], ...]:
    """The plugin's own variables and the platform's."""
    variables = {**own, **json.loads(row["system_variables"])}
    return tuple(sorted((name, str(value)) for name, value in variables.items()))


def _reason_not_to_run(row: sqlite3.Row) -> tuple[str, str] | None:
    if row["enabled_state"] != "ENABLED":
        return "PLUGIN_DISABLED", "The plugin is disabled. Enable it with `biot-plugin enable -e local`."
    if row["code_sha256"] is None and row["image_digest"] is None:
        return "PLUGIN_NOT_RUNNING", "The plugin has no code. Publish it with `biot-plugin publish -e local`."
    return None

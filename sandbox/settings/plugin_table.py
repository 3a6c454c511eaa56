"""Plugins in the database. Each is created, changed and deleted in one transaction, with all that belongs to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.platform.reserved_variables import DISPLAY_NAME_VARIABLE
from sandbox.clock import iso
from sandbox.dispatcher.subscription_table import remove_endpoint, replace_subscriptions
from sandbox.plugin_endpoints import endpoint_url
from sandbox.settings.code import image_tags
from sandbox.settings.configuration import full_name
from sandbox.settings.configuration_rules import check_configuration, check_variables_size, text_values
from sandbox.settings.history.version_table import VersionTable
from sandbox.settings.plugin_response import ServerFields, response_text
from sandbox.settings.plugin_subscriptions import subscriptions_of
from sandbox.ums.accounts import create_service_user, delete_service_user
from sandbox.ums.permissions import PROTECTED_API
from sandbox.web.biot_errors import ENVIRONMENT, ApiError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from datetime import date

    from sandbox.instance_state import InstanceState
    from sandbox.settings.configuration import ConfiguredPlugin
    from sandbox.settings.plugin_schema import Config
    from sandbox.settings.plugin_subscriptions import PluginSubscriptions

_COLUMNS = {
    "name": "name",
    "display_name": "displayName",
    "version": "version",
    "runtime": "runtime",
    "handler": "handler",
    "timeout": "timeout",
    "memory_size": "memorySize",
    "ephemeral_storage": "ephemeralStorage",
    "enabled_state": "enabledState",
    "deployment_package_type": "deploymentPackageType",
}
"""The columns for filters and sorting, and their fields."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedPlugin:
    """Everything about a request that can be computed without the database, so that no other request has to wait.

    Attributes:
        desired: The plugin as it will be; it follows the rules of BioT and Lambda.
        subscriptions: The subscriptions of its endpoint.
    """

    desired: ConfiguredPlugin
    subscriptions: PluginSubscriptions


def prepare_plugin(desired: ConfiguredPlugin, *, today: date, creating: bool) -> PreparedPlugin:
    """Check a request by the rules and compute its subscriptions.

    Raises:
        ApiError: 400, 404 or 500 from ``configuration_rules``.
    """
    check_configuration(desired, today=today, creating=creating)
    return PreparedPlugin(desired=desired, subscriptions=subscriptions_of(desired.config))


@dataclass(frozen=True, slots=True)
class PluginTable:
    """The table of plugins, for one transaction.

    Attributes:
        state: The state of the local BioT.
        connection: The connection of the transaction.
    """

    state: InstanceState
    connection: sqlite3.Connection

    def find(self, name: str) -> sqlite3.Row:
        """Find a plugin by the name in a path, with or without the platform's prefix.

        Raises:
            ApiError: 404 ``PLUGIN_NOT_FOUND``.
        """
        for candidate in (name, full_name(name)):
            row: sqlite3.Row | None = self.connection.execute(
                "SELECT * FROM plugins WHERE full_name = ?", (candidate,)
            ).fetchone()
            if row is not None:
                return row
        raise ApiError(404, "PLUGIN_NOT_FOUND", "There is no plugin with this name.", {"pluginName": name})

    def check_new(self, desired: ConfiguredPlugin) -> None:
        """Check that the name is free and the image exists.

        Raises:
            ApiError: 409 ``PLUGIN_EXISTS_BY_NAME``; 404 ``PLUGIN_IMAGE_TAG_NOT_FOUND``.
        """
        full = full_name(str(desired.config["name"]))
        if self.connection.execute("SELECT 1 FROM plugins WHERE full_name = ?", (full,)).fetchone():
            raise ApiError(
                409, "PLUGIN_EXISTS_BY_NAME", "There is already a plugin with this name.", {"pluginName": full}
            )
        self.check_image(desired)

    def check_image(self, desired: ConfiguredPlugin) -> None:
        """Check that the image of the request exists and runs on Lambda.

        Raises:
            ApiError: 404 ``PLUGIN_IMAGE_TAG_NOT_FOUND``; 500 ``AWS_EXCEPTION``, Lambda would refuse it.
        """
        if desired.image_tag:
            image_tags.resolve_image(self.connection, desired.image_tag)

    def create(self, prepared: PreparedPlugin, code: str | None) -> str:
        """Create the plugin with its service user, endpoint and subscriptions, and return the response.

        Args:
            prepared: The plugin as it will be.
            code: The digest of the stored code, or None for BioT's seed code.

        Raises:
            ApiError: 500, its environment variables with the platform's are too large for Lambda.
        """
        desired = prepared.desired
        full, now = full_name(str(desired.config["name"])), iso(self.state.clock.now())
        user = create_service_user(self.connection, full, (PROTECTED_API,))
        system = {
            "BIOT_BASE_URL": self.state.settings.base_url,
            "BIOT_SERVICE_ENVIRONMENT": ENVIRONMENT,
            "BIOT_SERVICE_USER_ID": user.id,
            "BIOT_SERVICE_USER_SECRET_KEY": user.secret_key,
        }
        row = {
            "full_name": full,
            "endpoint_url": endpoint_url(self.state.settings.base_url, full),
            "creation_time": now,
            "service_user_id": user.id,
            "code_sha256": code,
            **self._image_columns(desired.image_tag),
            **self._config_columns(desired.config, now, system),
        }
        placeholders = ", ".join("?" * len(row))
        self.connection.execute(
            f"INSERT INTO plugins ({', '.join(row)}) VALUES ({placeholders})",  # noqa: S608  # only names from this module
            tuple(row.values()),
        )
        VersionTable(self.connection).add(full)
        self._subscribe(str(row["endpoint_url"]), prepared.subscriptions)
        return str(row["response"])

    def change(self, row: sqlite3.Row, prepared: PreparedPlugin, code: str | None) -> str:
        """Store a change, replace the subscriptions, and return the response.

        Args:
            row: The plugin as it is.
            prepared: The plugin as it will be.
            code: The digest of the new code, or None to keep the old code.

        Raises:
            ApiError: 500, its environment variables with the platform's are too large for Lambda.
        """
        desired = prepared.desired
        changed = {
            "code_sha256": code or row["code_sha256"],
            **self._image_columns(desired.image_tag),
            **self._config_columns(desired.config, row["creation_time"], json.loads(row["system_variables"])),
        }
        assignments = ", ".join(f"{column} = ?" for column in changed)  # only names from this module
        self.connection.execute(
            f"UPDATE plugins SET {assignments} WHERE full_name = ?",  # noqa: S608
            (*changed.values(), row["full_name"]),
        )
        VersionTable(self.connection).add(row["full_name"])
        self._subscribe(row["endpoint_url"], prepared.subscriptions)
        return str(changed["response"])

    def delete(self, row: sqlite3.Row) -> tuple[str, ...]:
        """Delete the plugin, its service user, its subscriptions, and its image if no other plugin uses it.

        Returns:
            The digests of the blobs that no image has any more.
        """
        self.connection.execute("DELETE FROM plugins WHERE full_name = ?", (row["full_name"],))
        VersionTable(self.connection).delete(row["full_name"])
        remove_endpoint(self.connection, row["endpoint_url"])
        delete_service_user(self.connection, row["service_user_id"])
        return image_tags.delete_unused(self.connection, row["image_digest"])

    def _image_columns(self, tag: str | None) -> dict[str, object]:
        """Return the columns of the image that a request names; none without a tag, so that they stay."""
        return {"image_tag": tag, "image_digest": image_tags.resolve_image(self.connection, tag)} if tag else {}

    def _config_columns(self, config: Config, created: str, variables: Mapping[str, str]) -> dict[str, object]:
        """Return the columns that depend on the configuration."""
        system = {**variables, DISPLAY_NAME_VARIABLE: str(config["displayName"])}
        check_variables_size({**system, **text_values(config["environmentVariables"])})
        modified = iso(self.state.clock.now())
        server_fields = ServerFields(
            base_url=self.state.settings.base_url, created=created, modified=modified, system_variables=system
        )
        return {
            **{column: config[field] for column, field in _COLUMNS.items()},
            "last_modified_time": modified,
            "config": json.dumps(config, ensure_ascii=False),
            "response": response_text(config, server_fields),
            "system_variables": json.dumps(system, ensure_ascii=False),
        }

    def _subscribe(self, endpoint: str, desired: PluginSubscriptions) -> None:
        replace_subscriptions(self.connection, endpoint, desired.interceptions, desired.notifications)


def config_of(row: sqlite3.Row) -> Config:
    """Return the complete configuration of a plugin."""
    config: Config = json.loads(row["config"])
    return config

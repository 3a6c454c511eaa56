"""Plugins in the database: everything that creating, changing and deleting one does, inside one transaction."""

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
from sandbox.settings.plugin_response import ServerFields, answer_text
from sandbox.settings.plugin_subscriptions import subscriptions_of
from sandbox.ums.accounts import create_service_user, delete_service_user
from sandbox.ums.permissions import PROTECTED_API
from sandbox.web.biot_errors import ENVIRONMENT, ApiError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from datetime import date

    from sandbox.instance_state import InstanceState
    from sandbox.settings.configuration import DesiredPlugin
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
"""What searches filter and sort by, as columns."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedPlugin:
    """Everything about a request that can be worked out without the database, and so before anybody has to wait.

    Attributes:
        wanted: What the plugin is to be; it keeps BioT's and Lambda's rules.
        subscriptions: What its endpoint will be subscribed to.
    """

    wanted: DesiredPlugin
    subscriptions: PluginSubscriptions


def prepare_plugin(wanted: DesiredPlugin, *, today: date, creating: bool) -> PreparedPlugin:
    """Check a request by the rules and work out its subscriptions.

    Raises:
        ApiError: 400, 404 or 500 of ``rules``.
    """
    check_configuration(wanted, today=today, creating=creating)
    return PreparedPlugin(wanted=wanted, subscriptions=subscriptions_of(wanted.config))


@dataclass(frozen=True, slots=True)
class PluginTable:
    """The plugins, for one transaction.

    Attributes:
        state: Clock and address.
        connection: Of the transaction.
    """

    state: InstanceState
    connection: sqlite3.Connection

    def find(self, name: str) -> sqlite3.Row:
        """A plugin by the name in a path: the full one, or the bare one.

        Raises:
            ApiError: 404 ``PLUGIN_NOT_FOUND``.
        """
        for candidate in (name, full_name(name)):
            row = self.connection.execute("SELECT * FROM plugins WHERE full_name = ?", (candidate,)).fetchone()
            if row is not None:
                found: sqlite3.Row = row
                return found
        raise ApiError(404, "PLUGIN_NOT_FOUND", "There is no plugin of this name.", {"pluginName": name})

    def check_new(self, wanted: DesiredPlugin) -> None:
        """Is its name free, and its image there?

        Raises:
            ApiError: 409 ``PLUGIN_EXISTS_BY_NAME``; 404 ``PLUGIN_IMAGE_TAG_NOT_FOUND``.
        """
        full = full_name(str(wanted.config["name"]))
        if self.connection.execute("SELECT 1 FROM plugins WHERE full_name = ?", (full,)).fetchone():
            raise ApiError(409, "PLUGIN_EXISTS_BY_NAME", "There is a plugin of this name.", {"pluginName": full})
        self.check_image(wanted)

    def check_image(self, wanted: DesiredPlugin) -> None:
        """Is the image there that the request names?

        Raises:
            ApiError: 404 ``PLUGIN_IMAGE_TAG_NOT_FOUND``.
        """
        if wanted.image_tag:
            image_tags.require_tag(self.connection, wanted.image_tag)

    def create(self, prepared: PreparedPlugin, code: str | None) -> str:
        """Make the plugin with its service user, endpoint and subscriptions; returns the answer.

        Args:
            prepared: What it is to be.
            code: Digest of the code that was kept, or None: BioT's seed is deployed.

        Raises:
            ApiError: 500, with its system variables it is too large for Lambda.
        """
        wanted = prepared.wanted
        full, now = full_name(str(wanted.config["name"])), iso(self.state.clock.now())
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
            "image_tag": wanted.image_tag,
            **self._written(wanted.config, now, system),
        }
        places = ", ".join("?" * len(row))
        self.connection.execute(
            f"INSERT INTO plugins ({', '.join(row)}) VALUES ({places})",  # noqa: S608  # names of this module only
            tuple(row.values()),
        )
        self._subscribe(str(row["endpoint_url"]), prepared.subscriptions)
        return str(row["response"])

    def change(self, row: sqlite3.Row, prepared: PreparedPlugin, code: str | None) -> str:
        """Write a change and subscribe anew; returns the answer.

        Args:
            row: The plugin as it is.
            prepared: What it is to be.
            code: Digest of the new code, or None to keep what is there.

        Raises:
            ApiError: 500, its environment is too large for Lambda.
        """
        wanted = prepared.wanted
        changed = {
            "code_sha256": code or row["code_sha256"],
            "image_tag": wanted.image_tag or row["image_tag"],
            **self._written(wanted.config, row["creation_time"], json.loads(row["system_variables"])),
        }
        assignments = ", ".join(f"{column} = ?" for column in changed)  # names of this module only
        self.connection.execute(
            f"UPDATE plugins SET {assignments} WHERE full_name = ?",  # noqa: S608
            (*changed.values(), row["full_name"]),
        )
        self._subscribe(row["endpoint_url"], prepared.subscriptions)
        return str(changed["response"])

    def delete(self, row: sqlite3.Row) -> None:
        """Remove the plugin, its service user, its subscriptions, and its image when no other plugin has it."""
        self.connection.execute("DELETE FROM plugins WHERE full_name = ?", (row["full_name"],))
        remove_endpoint(self.connection, row["endpoint_url"])
        delete_service_user(self.connection, row["service_user_id"])
        image_tags.drop(self.connection, row["image_tag"])

    def _written(self, config: Config, created: str, variables: Mapping[str, str]) -> dict[str, object]:
        """The columns that follow from a configuration."""
        system = {**variables, DISPLAY_NAME_VARIABLE: str(config["displayName"])}
        check_variables_size({**system, **text_values(config["environmentVariables"])})
        modified = iso(self.state.clock.now())
        facts = ServerFields(
            base_url=self.state.settings.base_url, created=created, modified=modified, system_variables=system
        )
        return {
            **{column: config[field] for column, field in _COLUMNS.items()},
            "last_modified_time": modified,
            "config": json.dumps(config, ensure_ascii=False),
            "response": answer_text(config, facts),
            "system_variables": json.dumps(system, ensure_ascii=False),
        }

    def _subscribe(self, endpoint: str, wanted: PluginSubscriptions) -> None:
        replace_subscriptions(self.connection, endpoint, wanted.interceptions, wanted.notifications)


def config_of(row: sqlite3.Row) -> Config:
    """The whole configuration that a plugin has."""
    config: Config = json.loads(row["config"])
    return config

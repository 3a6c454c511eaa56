"""The function of an artifact that is not published, with everything that BioT would give it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from builder.platform.reserved_variables import DISPLAY_NAME_VARIABLE
from sandbox.functions.function_configuration import CorsSettings, FunctionConfiguration
from sandbox.settings.configuration import full_name
from sandbox.ums.accounts import create_service_user
from sandbox.ums.permissions import PROTECTED_API
from sandbox.web.biot_errors import ENVIRONMENT

if TYPE_CHECKING:
    from pathlib import Path

    from builder.manifest.model import Plugin
    from sandbox.instance_state import InstanceState


def local_function(state: InstanceState, plugin: Plugin, artifact: Path, sha256: str) -> FunctionConfiguration:
    """Return the function of an artifact, and create a service user for it.

    Args:
        state: Of the local BioT that the function may call.
        plugin: Its settings.
        artifact: The ZIP.
        sha256: Its digest in hexadecimal.
    """
    with state.database.write() as connection:
        user = create_service_user(connection, f"{full_name(plugin.name)}-{uuid4()}", (PROTECTED_API,))
    variables = {
        **plugin.environment_variables,
        DISPLAY_NAME_VARIABLE: plugin.display_name,
        "BIOT_BASE_URL": state.settings.base_url,
        "BIOT_SERVICE_ENVIRONMENT": ENVIRONMENT,
        "BIOT_SERVICE_USER_ID": user.id,
        "BIOT_SERVICE_USER_SECRET_KEY": user.secret_key,
    }
    return FunctionConfiguration(
        name=full_name(plugin.name),
        runtime=plugin.runtime or "",
        handler=plugin.handler,
        artifact=artifact,
        artifact_sha256=sha256,
        timeout_seconds=plugin.timeout,
        memory_megabytes=plugin.memory_size,
        ephemeral_storage_megabytes=plugin.ephemeral_storage,
        variables=tuple(sorted(variables.items())),
        cors=CorsSettings(
            allow_origins=plugin.cors.allow_origins,
            allow_methods=plugin.cors.allow_methods,
            allow_headers=plugin.cors.allow_headers,
            expose_headers=plugin.cors.expose_headers,
        ),
    )

"""The function of an artifact that is not published, with everything that BioT would give it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from builder.image.image_config import RUNTIME_LABEL
from builder.platform.reserved_variables import DISPLAY_NAME_VARIABLE
from sandbox.functions.function_configuration import CorsSettings, FunctionConfiguration
from sandbox.functions.function_errors import FunctionUnavailableError
from sandbox.functions.images.layout_folder import layout_image
from sandbox.settings.configuration import full_name
from sandbox.ums.accounts import create_service_user
from sandbox.ums.permissions import PROTECTED_API
from sandbox.web.biot_errors import ENVIRONMENT

if TYPE_CHECKING:
    from pathlib import Path

    from builder.manifest.model import Plugin
    from sandbox.functions.images.function_image import FunctionImage
    from sandbox.instance_state import InstanceState


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalCode:
    """The code of a plugin that is not published.

    Attributes:
        artifact: The ZIP, or the folder with the layout of an image.
        sha256: Of the ZIP, or of the image's manifest, in hexadecimal.
        image: The image; None for a ZIP.
    """

    artifact: Path
    sha256: str
    image: FunctionImage | None = None


def code_of(artifact: Path) -> LocalCode:
    """Return the code in a ZIP, or in a folder with an OCI layout.

    Raises:
        FunctionUnavailableError: The file cannot be read, or the folder has no image that Lambda could run.
    """
    if artifact.is_dir():
        image = layout_image(artifact)
        return LocalCode(artifact=artifact, sha256=image.digest.removeprefix("sha256:"), image=image)
    try:
        with artifact.open("rb") as stream:
            return LocalCode(artifact=artifact, sha256=hashlib.file_digest(stream, "sha256").hexdigest())
    except OSError as error:
        message = f"{artifact} cannot be read: {error.strerror}."
        raise FunctionUnavailableError(message, hint="Name a ZIP, or a folder with an OCI layout.") from error


def local_function(state: InstanceState, plugin: Plugin, code: LocalCode) -> FunctionConfiguration:
    """Return the function of an artifact, and create a service user for it.

    Args:
        state: Of the local BioT that the function may call.
        plugin: Its settings.
        code: Its code. An image says itself which runtime and handler it has.

    Raises:
        FunctionUnavailableError: Neither the image nor plugin.toml names the runtime.
    """
    image = code.image
    runtime = (image and image.runtime) or plugin.runtime or ""
    if image and not runtime:
        message = f"The image in {code.artifact} does not say which runtime it has, and is on no base image of AWS."
        hint = f"Build it with the label {RUNTIME_LABEL}, or set runtime in plugin.toml."
        raise FunctionUnavailableError(message, hint=hint)
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
        runtime=runtime,
        handler=(image and image.handler) or plugin.handler,
        artifact=code.artifact,
        artifact_sha256=code.sha256,
        image=image,
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

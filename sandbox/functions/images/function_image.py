"""A container image as far as a function needs it: its layers, and what its config says about the function."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from builder.image.image_config import RUNTIME_LABEL
from builder.image.lambda_images import BASE_IMAGES
from builder.image.layout_files import BASE_NAME_KEY
from builder.oci import ImageManifest, content_digest
from sandbox.functions.function_errors import FunctionUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from builder.oci import Descriptor

STAND_IN_NOTE = "The base image is not run: Python or Node.js of this machine and the kit's runtime client stand in."


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionImage:
    """An image whose code can be unpacked. Equal images have the same manifest.

    Attributes:
        digest: ``sha256:<hex>`` of the manifest.
        layers: The layers, the lowest first.
        find_blob: Returns the file of a digest; None when this machine does not have it, as with layers of a base
            image that was never downloaded.
        runtime: Its runtime, such as ``python3.13``; empty when neither the kit's label nor the name of the base image
            in the config names one.
        handler: Its command, such as ``index.handler``; empty when the config has none.
    """

    digest: str
    layers: tuple[Descriptor, ...]
    find_blob: Callable[[str], Path | None] = field(compare=False, repr=False)
    runtime: str = ""
    handler: str = ""


def function_image(manifest: ImageManifest, config: bytes, find_blob: Callable[[str], Path | None]) -> FunctionImage:
    """Return an image by its manifest and its config.

    Args:
        manifest: The manifest.
        config: The bytes of the config.
        find_blob: See ``FunctionImage.find_blob``.

    Raises:
        FunctionUnavailableError: The config is not the one that the manifest names, or not a JSON object.
    """
    if content_digest(config) != manifest.config.digest:
        message = "The config of the image is not the one that its manifest names."
        raise FunctionUnavailableError(message, hint="Build or push the image again.")
    settings = _settings(config)
    command = settings.get("Cmd")
    return FunctionImage(
        digest=content_digest(manifest.content),
        layers=manifest.layers,
        find_blob=find_blob,
        runtime=_runtime_of(settings.get("Labels")),
        handler=str(command[0]) if isinstance(command, list) and command else "",
    )


def _settings(config: bytes) -> Mapping[str, object]:
    try:
        document = json.loads(config)
        settings = document.get("config") or {}
        return settings if isinstance(settings, dict) else {}
    except (ValueError, RecursionError, AttributeError) as error:
        message = "The config of the image is not a JSON object."
        raise FunctionUnavailableError(message, hint="Build or push the image again.") from error


def _runtime_of(labels: object) -> str:
    """Return the runtime that the labels of an image name; empty if they name none."""
    if not isinstance(labels, dict):
        return ""
    if (runtime := labels.get(RUNTIME_LABEL)) in BASE_IMAGES:
        return str(runtime)
    # An image of another builder, also on a copy of AWS's base image in another registry.
    name = "/".join(str(labels.get(BASE_NAME_KEY, "")).partition("@")[0].split("/")[-2:])
    return next((runtime for runtime, image in BASE_IMAGES.items() if name and image.endswith(f"/{name}")), "")

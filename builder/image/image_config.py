"""The config of an image: the base's own, with the plugin's layers and handler. Reads no files.

It has no build time, no host name and no history, because they would differ from build to build.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from builder.image.base_image import BaseImage, config_document, diff_ids
from builder.image.lambda_images import ARCHITECTURE, OPERATING_SYSTEM
from builder.image.layout_files import BASE_DIGEST_KEY, BASE_NAME_KEY
from builder.oci import encode_document

if TYPE_CHECKING:
    from collections.abc import Sequence

_KEPT: Final = ("User", "ExposedPorts", "Env", "Entrypoint", "Volumes", "WorkingDir", "StopSignal")
"""What is kept of the base (OCI image specification 1.1, config); its ``Cmd`` is replaced, and labels are added."""

RUNTIME_LABEL: Final = "io.github.biot-plugin-kit.runtime"
"""The Lambda runtime of the code, such as ``python3.13``, which the name of another base image does not say."""


def image_config(base: BaseImage, runtime: str, handler: str, own_diff_ids: Sequence[str]) -> bytes:
    """The config of a plugin's image.

    Args:
        base: The base image.
        runtime: The Lambda runtime that the code was built for.
        handler: What Lambda calls, as ``file.function``; it becomes the image's ``CMD``.
        own_diff_ids: Digests of the tars of the plugin's layers, the lowest first.
    """
    document = config_document(base.config)
    settings = document.get("config")
    found = settings.get("Labels") if isinstance(settings, dict) else None
    labels = {
        **(found if isinstance(found, dict) else {}),
        BASE_NAME_KEY: base.reference,
        BASE_DIGEST_KEY: base.digest,
        RUNTIME_LABEL: runtime,
    }
    kept = {key: value for key in _KEPT if isinstance(settings, dict) and (value := settings.get(key)) is not None}
    return encode_document(
        {
            "architecture": ARCHITECTURE,
            "os": OPERATING_SYSTEM,
            "config": {**kept, "Cmd": [handler], "Labels": labels},
            "rootfs": {"type": "layers", "diff_ids": [*diff_ids(document), *own_diff_ids]},
        }
    )

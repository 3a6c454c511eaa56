"""Load an image into a Docker engine, through the engine's socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.image.docker_archive import image_name
from builder.image.dockerfile.engine_connection import open_engine

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def load_archive(archive: Path, layout: Path, environ: Mapping[str, str]) -> str:
    """Load an image.

    Args:
        archive: The complete image, as ``write_docker_archive`` writes it.
        layout: The image that it was made of.
        environ: Names the engine: ``DOCKER_HOST``, or the current context of Docker.

    Returns:
        The name to run: ``my-plugin:1``.

    Raises:
        PackagingError: The ``docker`` library is missing, or the engine does not answer or refuses
            the image.
    """
    name = image_name(layout)
    with open_engine(environ) as engine, archive.open("rb") as stream:
        for _ in engine.load_image(stream):  # the request has ended when the last message was read
            pass
        engine.inspect_image(name)
    return name

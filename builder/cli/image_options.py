"""``package --archive`` and ``--load``: copies of an image for other tools, made after the build."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeVar

    Function = TypeVar("Function", bound=Callable[..., object])

_KEY = "builder.cli.image_options"


def copy_options(function: Function) -> Function:
    """``--archive`` and ``--load``; ``requested_copies`` returns what was chosen."""
    archive = click.option(
        "--archive",
        is_flag=True,
        expose_value=False,
        callback=_remember,
        help="Also write an image as one file for `docker load`, `podman load` and skopeo.",
    )
    load = click.option(
        "--load",
        is_flag=True,
        expose_value=False,
        callback=_remember,
        help="Also load an image into the Docker engine that DOCKER_HOST names.",
    )
    return archive(load(function))


def requested_copies() -> frozenset[str]:
    """The chosen options: ``archive``, ``load``, both, or neither."""
    return frozenset(click.get_current_context().meta.get(_KEY, ()))


def copy_image(artifact: Path, store: str) -> dict[str, str]:
    """Make the chosen copies of an image.

    Args:
        artifact: The artifact that was packaged.
        store: As ``--store`` names it; receives the base's layers.

    Returns:
        Option -> the file, or the name in the engine.

    Raises:
        UsageError: The artifact is a ZIP.
        KitError: A layer of the base image is unavailable, the archive cannot be written, or the engine
            does not answer.
    """
    copies = requested_copies()
    if not copies:
        return {}  # without loading what only copies need: it takes as long as a fifth of a build
    from builder.dependencies import open_store
    from builder.dependencies.store.layer_store import LayerStore
    from builder.image.docker_archive import write_docker_archive
    from builder.image.layout_files import is_layout
    from builder.registry import fetch_blob

    if not is_layout(artifact):
        message = "--archive and --load are for IMAGE plugins; this one is a ZIP."
        raise click.UsageError(message)
    archive = write_docker_archive(artifact, LayerStore(open_store(store)), fetch_blob)
    if "load" not in copies:
        return {"archive": str(archive)}
    from builder.image.docker_engine import load_archive

    try:
        made = {"load": load_archive(archive, artifact, os.environ)}
    finally:
        if "archive" not in copies:
            archive.unlink()
    return {**made, **({"archive": str(archive)} if "archive" in copies else {})}


def _remember(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and parameter.name is not None:
        context.meta[_KEY] = {*context.meta.get(_KEY, ()), parameter.name}

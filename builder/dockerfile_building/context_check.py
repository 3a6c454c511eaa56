"""The build context of a plugin, with everything that must not be in it refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from builder.errors import ProjectError
from builder.image.dockerfile.build_context import IGNORE_FILE, ContextFile, select_context
from builder.image.dockerfile.tar_members import FILE
from builder.secrets import refuse_secrets

if TYPE_CHECKING:
    from pathlib import Path

    from builder.manifest.model import Manifest
    from builder.stages import CheckedPlugin


def check_context(checked: CheckedPlugin, target: Path) -> CheckedPlugin:
    """Check the build context of a plugin with a Dockerfile. No engine is needed.

    Args:
        checked: The plugin.
        target: The folder of the layout, whose parent never enters the context.

    Raises:
        ProjectError: There is no Dockerfile, or the context has secrets.
        PackagingError: The docker library is missing.
    """
    return read_context(checked, target)[0]


def list_context(manifest: Manifest, output: Path | None = None) -> tuple[ContextFile, ...]:
    """The files of a plugin's context, without checking them.

    Args:
        manifest: Of a plugin with a Dockerfile.
        output: The folder of artifacts, which never enters the context; ``dist`` never does either.

    Raises:
        ProjectError: There is no Dockerfile.
        PackagingError: The docker library is missing.
    """
    outputs = [output] if output is not None and output.is_relative_to(manifest.folder) else []
    left_out = [folder.relative_to(manifest.folder).as_posix() for folder in (manifest.folder / "dist", *outputs)]
    return select_context(manifest.folder, manifest.dockerfile, [pattern for pattern in left_out if pattern != "."])


def read_context(checked: CheckedPlugin, target: Path) -> tuple[CheckedPlugin, tuple[ContextFile, ...]]:
    """The plugin with the warnings about its context, and the context.

    Raises:
        ProjectError, PackagingError: As ``check_context``.
    """
    manifest = checked.manifest
    files = list_context(manifest, target.parent)
    try:
        warnings = refuse_secrets(manifest, [file for file in files if file.kind == FILE])
    except ProjectError as error:
        msg = "The Docker engine would receive secrets, and they could end up in a layer of the image."
        hint = f"Fix every place listed above, or add files that the image does not need to {IGNORE_FILE}."
        raise ProjectError(msg, hint=hint, problems=error.problems) from error
    return replace(checked, warnings=(*checked.warnings, *warnings)), files

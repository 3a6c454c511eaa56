"""A build by BuildKit, through the programs that Docker installs: the ``docker`` library cannot ask for it.

``docker buildx`` is BuildKit's own program. Engines before Docker 23 have BuildKit inside, and their
``docker build`` uses it when ``DOCKER_BUILDKIT`` is set; that is what Debian 12 installs.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from builder.errors import PackagingError
from builder.host.process import find_program, run
from builder.image.dockerfile.build_context import unpack_context
from builder.image.dockerfile.classic_build import PLATFORM
from builder.image.dockerfile.engine_connection import build_failure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from builder.image.dockerfile.build_context import ContextFile
    from builder.image.dockerfile.classic_build import EngineBuildRequest

_WITHOUT_ATTESTATIONS: Final = ("--provenance=false", "--sbom=false")
"""Lambda refuses an image index, which an image with attestations is."""
_MISSING: Final = "buildx component is missing"


def build_with_buildkit(files: Sequence[ContextFile], request: EngineBuildRequest, environ: Mapping[str, str]) -> str:
    """Build an image and load it into the engine.

    Returns:
        The id of the image, ``sha256:<hex>``.

    Raises:
        PackagingError: BuildKit is not installed, or a step failed; with the last lines of the build.
    """
    program = find_program("docker")
    if program is None:
        raise _not_installed(request.dockerfile)
    with TemporaryDirectory(prefix="biot-plugin-build-") as name:
        folder = Path(name)
        context, identifier = folder / "context", folder / "image-id"
        context.mkdir()
        unpack_context(files, context)
        has_buildx = run([program, "buildx", "version"], cwd=folder, environment=environ).returncode == 0
        command = ["buildx", "build", "--load", *_WITHOUT_ATTESTATIONS] if has_buildx else ["build"]
        options = ["--platform", PLATFORM, "--tag", request.tag, "--iidfile", str(identifier)]
        file = ["--file", str(context / request.dockerfile)]
        variables = {**environ, "DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
        argv = [program, *command, *options, *file, "--progress", "plain", str(context)]
        completed = run(argv, cwd=folder, environment=variables)
        if completed.returncode or not identifier.is_file():
            if _MISSING in completed.stderr:
                raise _not_installed(request.dockerfile)
            lines = [line.replace(f"{context}{os.sep}", "") for line in completed.stderr.splitlines() if line.strip()]
            raise build_failure(request.dockerfile, lines[-1] if lines else "no reason was given", lines[:-1])
        return identifier.read_text("utf-8").strip()


def _not_installed(dockerfile: str) -> PackagingError:
    msg = (
        f"{dockerfile} needs BuildKit (# syntax=, a here-document, or a flag such as --mount), which is not installed."
    )
    hint = "Install Docker's buildx plugin, or write the Dockerfile without what only BuildKit knows."
    return PackagingError(msg, hint=hint)

"""The contents of files in an image's layout that was read strictly before, without unpacking it to the disk."""

from __future__ import annotations

import tarfile
from typing import IO, TYPE_CHECKING

from builder.errors import VerificationError
from builder.image.lambda_images import TASK_ROOT
from builder.image.layout_files import blob_path

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from builder.image.layout_reader import ReadLayout


def layout_contents(folder: Path, layout: ReadLayout, paths: Collection[str]) -> Iterator[tuple[str, IO[bytes]]]:
    """Each of these files as a stream, which is valid until the next one.

    Args:
        folder: The layout.
        layout: As ``read_layout`` returned it.
        paths: The paths of files as ``layout.members`` has them. A file of a Dockerfile comes once for each layer
            that has it.

    Raises:
        VerificationError: The layout was changed meanwhile.
    """
    for layer in layout.layers:
        named: Callable[[str], str] = str if layout.has_dockerfile else _task_path
        if layer.contents is None or not any(named(member.path) in paths for member in layer.contents.members):
            continue
        try:
            with tarfile.open(blob_path(folder, layer.descriptor.digest), "r|gz") as tar:
                for member in tar:
                    wanted = member.isreg() and named(member.name) in paths
                    stream = tar.extractfile(member) if wanted else None
                    if stream is not None:
                        yield named(member.name), stream
        except (OSError, tarfile.TarError, EOFError) as error:
            msg = f"{folder.name} was changed while it was read."
            raise VerificationError(msg, hint="Run the command again.") from error


def _task_path(path: str) -> str:
    return path.removeprefix(f"{TASK_ROOT}/")

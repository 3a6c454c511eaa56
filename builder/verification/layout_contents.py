"""The contents of files in an image's layout that was read strictly before, without unpacking it to the disk."""

from __future__ import annotations

import tarfile
from typing import IO, TYPE_CHECKING

from builder.errors import VerificationError
from builder.image.lambda_images import TASK_ROOT
from builder.image.layout_files import blob_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from builder.image.layout_reader import ReadLayout


def layout_contents(folder: Path, layout: ReadLayout, paths: Collection[str]) -> Iterator[tuple[str, IO[bytes]]]:
    """Each of these files as a stream, which is valid until the next one.

    Args:
        folder: The layout.
        layout: As ``read_layout`` returned it: every path is in one layer only.
        paths: The paths of files below var/task.

    Raises:
        VerificationError: The layout was changed meanwhile.
    """
    for layer in layout.layers:
        if layer.contents is None or not any(_task_path(member.path) in paths for member in layer.contents.members):
            continue
        try:
            with tarfile.open(blob_path(folder, layer.descriptor.digest), "r|gz") as tar:
                for member in tar:
                    stream = tar.extractfile(member) if _task_path(member.name) in paths else None
                    if stream is not None:
                        yield _task_path(member.name), stream
        except (OSError, tarfile.TarError, EOFError) as error:
            msg = f"{folder.name} was changed while it was read."
            raise VerificationError(msg, hint="Run the command again.") from error


def _task_path(path: str) -> str:
    return path.removeprefix(f"{TASK_ROOT}/")

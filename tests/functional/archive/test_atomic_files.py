"""Files are written completely or not at all, also when the old file is deleted first."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from builder.archive.atomic_files import atomic_file
from builder.errors import PackagingError


@pytest.mark.parametrize("discard_old", [False, True])
def test_the_new_file_replaces_the_old_one(tmp_path: Path, *, discard_old: bool) -> None:
    target = tmp_path / "folder" / "file"
    for content in (b"old", b"new"):
        with atomic_file(target, discard_old=discard_old) as stream:
            stream.write(content)

    assert target.read_bytes() == b"new"
    assert [file.name for file in target.parent.iterdir()] == ["file"]


@pytest.mark.parametrize("discard_old", [False, True])
def test_an_interrupted_write_leaves_only_the_old_file(tmp_path: Path, *, discard_old: bool) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")

    def interrupted() -> None:
        with atomic_file(target, discard_old=discard_old) as stream:
            stream.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert target.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_devices_and_pipes_are_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    # Not /dev/stdout itself: where this fails as root, it would be gone from the machine.
    for target in (pipe, Path("/dev/a-file-of-the-kit-s-tests")):
        with pytest.raises(PackagingError, match="is a device or a pipe"), atomic_file(target):
            pass

    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]

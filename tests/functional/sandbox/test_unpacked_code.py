"""The unpacked code of functions: right whatever happened to an earlier version, and each content once."""

from __future__ import annotations

import hashlib
import os
import time
import zipfile
from typing import TYPE_CHECKING

import pytest

from sandbox.functions.environments.code_folders import CodeFolders
from sandbox.functions.function_errors import FunctionUnavailableError
from tests.support.sandbox.settings_client import zipped

if TYPE_CHECKING:
    from pathlib import Path

LIBRARY = "VALUE = 1\n" * 1_000


class Versions:
    """Versions of a plugin, and their unpacked code."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.code = CodeFolders(folder / "code")

    def unpack(self, number: int) -> Path:
        """The code of a version: only one of its files differs from the other versions."""
        return self.unpack_files({"index.py": f"NUMBER = {number}\n", "package/library.py": LIBRARY})

    def unpack_files(self, files: dict[str, str]) -> Path:
        data = zipped(files)
        artifact = self.folder / "plugin.zip"
        artifact.write_bytes(data)
        return self.code.unpack(artifact, hashlib.sha256(data).hexdigest())

    def shared(self) -> list[Path]:
        return sorted((self.folder / "code" / ".files").iterdir())


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    return Versions(tmp_path)


def test_a_new_version_shares_the_files_that_did_not_change(versions: Versions) -> None:
    first, second = versions.unpack(1), versions.unpack(2)

    assert (first / "index.py").read_text() == "NUMBER = 1\n"
    assert (second / "index.py").read_text() == "NUMBER = 2\n"
    assert (second / "package" / "library.py").read_text() == LIBRARY
    assert (first / "package" / "library.py").samefile(second / "package" / "library.py")
    assert len(versions.shared()) == 3
    assert {oct(path.stat().st_mode & 0o777) for path in second.rglob("*.py")} == {"0o400"}


def test_a_file_that_somebody_wrote_to_is_unpacked_again(versions: Versions) -> None:
    library = versions.unpack(1) / "package" / "library.py"
    library.chmod(0o644)
    library.write_text(LIBRARY.replace("1", "2"))

    assert (versions.unpack(2) / "package" / "library.py").read_text() == LIBRARY
    assert (versions.unpack(3) / "package" / "library.py").read_text() == LIBRARY


def test_the_same_content_with_another_mode_is_another_file(versions: Versions) -> None:
    plain = versions.unpack(1)
    artifact = versions.folder / "executable.zip"
    with zipfile.ZipFile(artifact, "w", zipfile.ZIP_DEFLATED) as archive:
        member = zipfile.ZipInfo("package/library.py")
        member.external_attr = 0o100755 << 16
        archive.writestr(member, LIBRARY)
    executable = versions.code.unpack(artifact, hashlib.sha256(artifact.read_bytes()).hexdigest())

    assert oct((executable / "package" / "library.py").stat().st_mode & 0o777) == "0o555"
    assert oct((plain / "package" / "library.py").stat().st_mode & 0o777) == "0o400"


def test_an_artifact_that_was_replaced_meanwhile_is_refused(versions: Versions) -> None:
    artifact = versions.folder / "plugin.zip"
    artifact.write_bytes(zipped({"index.py": "NUMBER = 2\n"}))
    announced = hashlib.sha256(zipped({"index.py": "NUMBER = 1\n"})).hexdigest()

    with pytest.raises(FunctionUnavailableError, match="another program has changed it"):
        versions.code.unpack(artifact, announced)
    assert [path.name for path in (versions.folder / "code").iterdir()] == [".files"]


@pytest.mark.parametrize("damage", ["content", "header", "size"])
def test_a_damaged_archive_is_refused_and_leaves_nothing(versions: Versions, damage: str) -> None:
    data = bytearray(zipped({"index.py": LIBRARY}))
    if damage == "content":
        data[60] ^= 0xFF
    elif damage == "header":  # of the name: the compressed bytes would begin elsewhere
        data[26] += 1
    else:  # the size in the central directory
        data[data.index(b"PK\x01\x02") + 24] ^= 0xFF
    artifact = versions.folder / "plugin.zip"
    artifact.write_bytes(data)

    with pytest.raises(FunctionUnavailableError, match="not a ZIP that Lambda could unpack"):
        versions.code.unpack(artifact, hashlib.sha256(data).hexdigest())
    assert [path.name for path in (versions.folder / "code").iterdir()] == [".files"]
    assert versions.shared() == []


def test_code_without_a_start_for_a_day_is_deleted_with_the_files_that_only_it_had(versions: Versions) -> None:
    first = versions.unpack(1)
    before = versions.shared()
    os.utime(first, (time.time() - 25 * 3600,) * 2)
    second = versions.unpack(2)

    assert not first.exists()
    assert (second / "package" / "library.py").read_text() == LIBRARY
    assert len(versions.shared()) == len(before)
    assert versions.shared() != before

"""ZIPs that the kit writes: the same bytes everywhere, equal for every program, complete or missing."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import sys
import sysconfig
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.archive.atomic_files import atomic_file
from builder.archive.reader import read_content, read_members
from builder.archive.tree_digest import tree_digest
from builder.archive.writer import pack_members, write_artifact, zip_size
from builder.build_values import Bundle, Entry, FileSlice, InlineBytes, PackMember
from builder.errors import PackagingError, VerificationError

FILES = [("b/ü.js", 0o100755, b"#!/usr/bin/env node\n" * 50), ("a.txt", 0o600, b""), ("b/c", 0o644, os.urandom(64))]
ROOT = Path(__file__).parents[3]


def bundle_of(members: tuple[PackMember, ...], file: Path) -> Bundle:
    entries = tuple(
        Entry(
            path=member.path,
            mode=member.mode,
            size=member.size,
            sha256=member.sha256,
            crc32=member.crc32,
            method=member.method,
            compressed_size=member.compressed_size,
            source=FileSlice(str(file), member.offset),
        )
        for member in sorted(members, key=lambda member: member.path.encode())
    )
    return Bundle(entries=entries, tree_digest=tree_digest(entries))


def test_reading_a_pack_returns_the_members_that_were_written(tmp_path: Path) -> None:
    members = pack_members(FILES, tmp_path / "pack.zip")
    assert members == read_members(tmp_path / "pack.zip")
    assert [(member.path, member.mode) for member in members] == [("a.txt", 0o644), ("b/c", 0o644), ("b/ü.js", 0o755)]
    assert read_content(tmp_path / "pack.zip", members[2]) == FILES[0][2]


def test_zipfile_and_unzip_agree_with_the_reader(tmp_path: Path) -> None:
    target = tmp_path / "pack.zip"
    pack_members(FILES, target)
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        assert {info.filename: archive.read(info) for info in archive.infolist()} == {
            path: content for path, _, content in FILES
        }
        for info in archive.infolist():
            assert (info.date_time, info.create_system, info.extra, info.comment) == (
                (1980, 1, 1, 0, 0, 0),
                3,
                b"",
                b"",
            )
            assert stat.S_ISREG(info.external_attr >> 16)
            assert bool(info.flag_bits & 0x800) is not info.filename.isascii()
    unzip = shutil.which("unzip")
    if unzip:
        subprocess.run([unzip, "-tq", str(target)], check=True, stdout=subprocess.DEVNULL)


def test_splicing_copies_the_compressed_bytes_of_several_packs(tmp_path: Path) -> None:
    one = bundle_of(pack_members(FILES, tmp_path / "1.zip"), tmp_path / "1.zip")
    two = bundle_of(pack_members([("z/1", 0o644, b"z" * 9000)], tmp_path / "2.zip"), tmp_path / "2.zip")
    both = Bundle(entries=one.entries + two.entries, tree_digest=tree_digest(one.entries + two.entries))
    artifact = write_artifact(both, tmp_path / "dist" / "out.zip")
    members = read_members(artifact.file)
    assert tree_digest(members) == artifact.tree_digest == both.tree_digest
    assert artifact.sha256 == hashlib.sha256(artifact.file.read_bytes()).hexdigest()
    assert artifact.size == artifact.file.stat().st_size == zip_size(both.entries)
    assert (artifact.entries, artifact.unpacked_size) == (4, both.size)


def test_more_packs_than_files_may_be_open(tmp_path: Path) -> None:
    """Two hundred packages with interleaving paths: sources are closed and opened again."""
    entries: list[Entry] = []
    for number in range(200):
        file = tmp_path / f"{number}.zip"
        entries += bundle_of(
            pack_members([(f"{turn}/{number}", 0o644, b"x" * number) for turn in "ab"], file), file
        ).entries
    entries.sort(key=lambda entry: entry.path.encode())
    artifact = write_artifact(Bundle(entries=tuple(entries), tree_digest=tree_digest(entries)), tmp_path / "out.zip")
    assert tree_digest(read_members(artifact.file)) == artifact.tree_digest


contents = st.dictionaries(
    st.from_regex(r"[a-dé]{1,3}(/[a-dé]{1,3}){0,2}\.py", fullmatch=True),
    st.tuples(st.sampled_from([0o644, 0o755]), st.binary(max_size=400)),
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(files=contents, reverse=st.booleans())
def test_reading_a_written_archive_gives_the_same_members(
    tmp_path: Path, files: dict[str, tuple[int, bytes]], *, reverse: bool
) -> None:
    listed = sorted(((path, mode, content) for path, (mode, content) in files.items()), reverse=reverse)
    packed = pack_members(listed, tmp_path / "pack.zip")
    bundle = bundle_of(packed, tmp_path / "pack.zip")
    artifact = write_artifact(bundle, tmp_path / "out.zip")
    assert artifact.file.read_bytes() == (tmp_path / "pack.zip").read_bytes()
    assert read_members(artifact.file) == packed


WRITE = """
import sys, pathlib, os
os.umask(int(sys.argv[3], 8))
from builder.archive.writer import pack_members
names = ["b", "a", "ä/c"]
pack_members([(name, 0o644, name.encode() * 999) for name in (names if sys.argv[2] == "1" else names[::-1])],
             pathlib.Path(sys.argv[1]))
"""


def test_bytes_do_not_depend_on_umask_time_zone_locale_hash_seed_or_order(tmp_path: Path) -> None:
    seen = set()
    for number, (umask, zone, locale, seed) in enumerate(
        [("022", "UTC", "C", "0"), ("077", "Asia/Kathmandu", "C.UTF-8", "1"), ("000", "America/St_Johns", "POSIX", "9")]
    ):
        target = tmp_path / f"folder {number}" / "out.zip"
        environment = os.environ | {"TZ": zone, "LC_ALL": locale, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        argv = [sys.executable, "-c", WRITE, str(target), str(number), umask]
        subprocess.run(argv, check=True, env=environment, cwd=tmp_path)
        seen.add(target.read_bytes())
    assert len(seen) == 1


def test_bytes_do_not_depend_on_the_packs_times(tmp_path: Path) -> None:
    pack = tmp_path / "pack.zip"
    bundle = bundle_of(pack_members(FILES, pack), pack)
    first = write_artifact(bundle, tmp_path / "1.zip").sha256
    os.utime(pack, (time.time() + 1e6, 1e9))
    assert write_artifact(bundle, tmp_path / "2.zip").sha256 == first


def test_the_known_bytes_of_a_small_archive_do_not_change(tmp_path: Path) -> None:
    """A new compressor or layout changes every plugin's digest: this test makes it a decision."""
    pack_members([("a", 0o644, b"a" * 100), ("b/ü", 0o755, b"")], tmp_path / "pack.zip")
    assert hashlib.sha256((tmp_path / "pack.zip").read_bytes()).hexdigest() == KNOWN


KNOWN = "b2731ac0c7e84e5a5848527755db7573462367163f1dff01d83f6f328ae7f744"


def test_two_compressions_differ_in_bytes_and_have_the_same_tree(tmp_path: Path) -> None:
    """The two digests: stored and deflated archives of the same files are other bytes and the same tree."""
    names = ("stored.zip", zipfile.ZIP_STORED), ("deflated.zip", zipfile.ZIP_DEFLATED)
    for name, method in names:
        with zipfile.ZipFile(tmp_path / name, "w", method) as archive:
            for path, _, content in FILES:
                archive.writestr(path, content * 3)
    artifacts = [
        write_artifact(bundle_of(read_members(tmp_path / name), tmp_path / name), tmp_path / f"out-{name}")
        for name, _ in names
    ]
    assert len({artifact.sha256 for artifact in artifacts}) == 2
    assert len({artifact.tree_digest for artifact in artifacts}) == 1


def test_a_shortened_pack_leaves_only_the_old_artifact(tmp_path: Path) -> None:
    pack, target = tmp_path / "pack.zip", tmp_path / "dist" / "out.zip"
    bundle = bundle_of(pack_members(FILES, pack), pack)
    write_artifact(bundle, target)
    before = target.read_bytes()
    os.truncate(pack, 60)
    with pytest.raises(PackagingError, match="changed during the build"):
        write_artifact(bundle, target)
    assert target.read_bytes() == before
    assert [file.name for file in target.parent.iterdir()] == ["out.zip"]


def test_a_missing_pack_is_reported(tmp_path: Path) -> None:
    pack = tmp_path / "pack.zip"
    bundle = bundle_of(pack_members(FILES, pack), pack)
    pack.unlink()
    with pytest.raises(PackagingError, match=r"pack\.zip cannot be read"):
        write_artifact(bundle, tmp_path / "out.zip")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_leaves_no_file(tmp_path: Path) -> None:
    def interrupted() -> None:
        with atomic_file(tmp_path / "out.zip") as stream:
            stream.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_a_killed_run_leaves_the_old_file_and_the_next_run_cleans_up(tmp_path: Path) -> None:
    target = tmp_path / "out.zip"
    pack_members(FILES, target)
    before = target.read_bytes()
    program = (
        "import os, pathlib, signal, sys\n"
        "from builder.archive.atomic_files import atomic_file\n"
        "with atomic_file(pathlib.Path(sys.argv[1])) as stream:\n"
        "    stream.write(b'half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    argv = [sys.executable, "-c", program, str(target)]
    assert subprocess.run(argv, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)}).returncode < 0
    assert target.read_bytes() == before
    (left,) = tmp_path.glob("*.part")
    (tmp_path / ".other.zip.0.part").write_bytes(b"")
    os.utime(left, (0, 0))
    pack_members(FILES, target)
    assert sorted(file.name for file in tmp_path.iterdir()) == [".other.zip.0.part", "out.zip"]


def test_an_unwritable_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(PackagingError, match=r"out\.zip cannot be written"):
        pack_members(FILES, tmp_path / "file" / "out.zip")


@pytest.mark.parametrize(
    "files",
    [[("../a", 0o644, b"")], [("a", 0o644, b"1"), ("a", 0o644, b"2")], [("/a", 0o644, b"")], [("a\\b", 0o644, b"")]],
    ids=["climbs", "twice", "absolute", "backslash"],
)
def test_a_pack_never_contains_an_unsafe_path(tmp_path: Path, files: list[tuple[str, int, bytes]]) -> None:
    with pytest.raises(PackagingError, match="unsafe paths"):
        pack_members(files, tmp_path / "pack.zip")
    assert list(tmp_path.iterdir()) == []


def test_more_files_than_a_zip_without_zip64_can_hold_are_refused(tmp_path: Path) -> None:
    entry = Entry(path="", mode=0o644, size=0, sha256="", crc32=0, method=0, compressed_size=0, source=InlineBytes(b""))
    with pytest.raises(PackagingError, match="65535 files are more"):
        write_artifact(Bundle(entries=(entry,) * 65535, tree_digest=""), tmp_path / "out.zip")


def test_the_wheels_bundled_with_python_are_accepted() -> None:
    import ensurepip

    # Debian and Fedora keep them in a folder of their own.
    folder = sysconfig.get_config_var("WHEEL_PKG_DIR") or Path(ensurepip.__file__).parent / "_bundled"
    wheels = sorted(Path(folder).glob("*.whl"))
    assert wheels
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            expected = [(info.filename, info.file_size) for info in archive.infolist() if not info.is_dir()]
        assert [(member.path, member.size) for member in read_members(wheel)] == expected


def test_an_archive_streamed_by_zipfile_is_accepted(tmp_path: Path) -> None:
    """Written to a pipe, zipfile cannot go back and puts sizes behind the content."""

    class Pipe:
        def __init__(self, file: Path) -> None:
            self.stream = file.open("wb")

        def write(self, data: bytes) -> int:
            return self.stream.write(data)

        def flush(self) -> None:
            self.stream.flush()

    pipe = Pipe(tmp_path / "piped.whl")
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[call-overload]  # only write is needed
        for path, _, content in FILES:
            archive.writestr(path, content)
    pipe.stream.close()
    assert len(read_members(tmp_path / "piped.whl")) == 3


def test_a_missing_archive_is_an_error_and_not_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(VerificationError, match="cannot be read"):
        read_members(tmp_path / "none.zip")


def test_a_member_that_changed_after_listing_is_refused(tmp_path: Path) -> None:
    pack = tmp_path / "pack.zip"
    member = pack_members([("a", 0o644, b"a" * 100)], pack)[0]
    data = bytearray(pack.read_bytes())
    data[member.offset] ^= 0xFF
    pack.write_bytes(data)
    with pytest.raises(VerificationError):
        read_content(pack, member)

"""Damaged and malicious OCI layouts, each made of a sound one; unless a forgery is about digests, all digests fit."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import deflate

from builder.image.tar_records import END, file_records, folder_records, padding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    Document = dict[str, Any]
    Forgery = Callable[["SoundLayout", Path], None]

BLOBS = "blobs/sha256"
FOLDERS = folder_records("var") + folder_records("var/task")


def dumped(document: Document) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def packed(tar: bytes) -> bytes:
    return bytes(deflate.gzip_compress(tar, 6))


def file_of(path: str, content: bytes = b"x = 1\n", mode: int = 0o644) -> bytes:
    return file_records(f"var/task/{path}", mode, len(content)) + content + padding(len(content))


def tar_of(*parts: bytes) -> bytes:
    return FOLDERS + b"".join(parts) + END


def foreign(name: str, kind: bytes, **fields: Any) -> bytes:  # noqa: ANN401 - whatever a tar header has
    """A member as ``tarfile`` writes it, with the kit's times and owner."""
    member = tarfile.TarInfo(name)
    member.type, member.mtime, member.mode = kind, 315_532_800, 0o644
    for key, value in fields.items():
        setattr(member, key, value)
    return member.tobuf(tarfile.PAX_FORMAT)


@dataclass(frozen=True, kw_only=True)
class SoundLayout:
    """The parts of a layout that the kit wrote."""

    folder: Path
    index: Document
    manifest: Document
    config: Document
    tars: tuple[bytes, ...]

    @classmethod
    def of(cls, folder: Path) -> SoundLayout:
        index = json.loads((folder / "index.json").read_bytes())
        manifest = json.loads(cls._blob(folder, index["manifests"][0]))
        base = int(index["manifests"][0]["annotations"]["io.github.biot-plugin-kit.base-layers"])
        return cls(
            folder=folder,
            index=index,
            manifest=manifest,
            config=json.loads(cls._blob(folder, manifest["config"])),
            tars=tuple(gzip.decompress(cls._blob(folder, layer)) for layer in manifest["layers"][base:]),
        )

    @staticmethod
    def _blob(folder: Path, descriptor: Document) -> bytes:
        return (folder / BLOBS / str(descriptor["digest"])[7:]).read_bytes()

    def copy(self, target: Path) -> None:
        """The sound layout, with files of its own."""
        shutil.copytree(self.folder, target)

    def write(
        self,
        target: Path,
        layers: Iterable[bytes] | None = None,
        *,
        tars: Iterable[bytes] | None = None,
        edit: Callable[[Document, Document, Document], object] = lambda *_: None,
        raw: Callable[[str, bytes], bytes] = lambda *both: both[1],
    ) -> None:
        """Write a layout with consistent digests.

        Args:
            target: Its folder.
            layers: The compressed layers; None to compress ``tars``.
            tars: The tars of the plugin's own layers; None for the sound ones.
            edit: Changes index, manifest and config before they are written.
            raw: Changes the bytes of a document before its digest is computed.
        """
        index, manifest, config = (json.loads(dumped(one)) for one in (self.index, self.manifest, self.config))
        tars = list(self.tars if tars is None else tars)
        blobs = [packed(tar) for tar in tars] if layers is None else list(layers)
        base = len(manifest["layers"]) - len(self.tars)
        kind = manifest["layers"][0]["mediaType"]
        manifest["layers"][base:] = [
            {"mediaType": kind, "digest": digest_of(blob), "size": len(blob)} for blob in blobs
        ]
        config["rootfs"]["diff_ids"][base:] = [digest_of(tar) for tar in tars]
        folder = target / BLOBS
        folder.mkdir(parents=True)
        for blob in blobs:
            (folder / digest_of(blob)[7:]).write_bytes(blob)
        late = Late(index, manifest, config)
        edit(late.index, late.manifest, late.config)
        content = raw("config", dumped(config))
        manifest["config"] |= {"digest": digest_of(content), "size": len(content)} | late.config_descriptor
        (folder / digest_of(content)[7:]).write_bytes(content)
        content = raw("manifest", dumped(manifest))
        index["manifests"][0] |= {"digest": digest_of(content), "size": len(content)}
        (folder / digest_of(content)[7:]).write_bytes(content)
        (target / "index.json").write_bytes(raw("index", dumped(index)))
        (target / "oci-layout").write_bytes(b'{"imageLayoutVersion":"1.0.0"}')


@dataclass
class Late:
    """The documents while they are edited."""

    index: Document
    manifest: Document
    config: Document

    @property
    def config_descriptor(self) -> Document:
        """What an edit has set in the manifest's descriptor of the config besides digest and size."""
        return {key: value for key, value in self.manifest["config"].items() if key == "mediaType"}


def with_layer(*parts: bytes) -> Forgery:
    """The sound layers, and one more with these members."""
    return lambda sound, target: sound.write(target, tars=[*sound.tars, tar_of(*parts)])


def with_tar(tar: bytes) -> Forgery:
    return lambda sound, target: sound.write(target, tars=[*sound.tars, tar])


def with_blob(change: Callable[[bytes], bytes]) -> Forgery:
    """The last layer in other compressed bytes; its tar has the right digest."""
    return lambda sound, target: sound.write(
        target, [*(packed(tar) for tar in sound.tars[:-1]), change(sound.tars[-1])]
    )


def with_edit(edit: Callable[[Document, Document, Document], object]) -> Forgery:
    return lambda sound, target: sound.write(target, edit=edit)


def with_raw(name: str, change: Callable[[bytes], bytes]) -> Forgery:
    return lambda sound, target: sound.write(target, raw=lambda one, data: change(data) if one == name else data)


def with_files(change: Callable[[Path], object]) -> Forgery:
    """The sound layout, with something done to its files."""

    def forge(sound: SoundLayout, target: Path) -> None:
        sound.copy(target)
        change(target)

    return forge


def _damage(part: str, change: Callable[[bytes], bytes]) -> Forgery:
    def damage(target: Path) -> None:
        files = sorted(target.glob(part), key=lambda file: file.stat().st_size)
        data = change(files[-1].read_bytes())
        files[-1].unlink()
        files[-1].write_bytes(data)

    return with_files(damage)


def _replace_blob(target: Path, make: Callable[[Path, bytes], None]) -> None:
    blob = max(target.glob(f"{BLOBS}/*"), key=lambda file: file.stat().st_size)
    data = blob.read_bytes()
    blob.unlink()
    make(blob, data)


def _link_outside(blob: Path, data: bytes) -> None:
    outside = blob.parents[3] / "outside"
    outside.write_bytes(data)
    blob.symlink_to(outside)


def _empty(target: Path) -> None:
    shutil.rmtree(target)
    target.mkdir()


def _move_blobs(target: Path) -> None:
    (target / "blobs").rename(target.parent / "moved")
    (target / "blobs").symlink_to("../moved")


def _set(document: Document, *keys: Any, value: object) -> None:  # noqa: ANN401 - keys and list indexes
    for key in keys[:-1]:
        document = document[key]
    document[keys[-1]] = value


def _bomb(size: int) -> bytes:
    """A file of zeros: its layer is a thousandth of it."""
    return FOLDERS + file_records("var/task/zeros", 0o644, size) + bytes(size) + padding(size) + END


LINK, HARD, FIFO = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE


def as_of_dockerfile(*tars: bytes) -> Forgery:
    """A layout with all layers and without a base, as of a plugin with a Dockerfile; sound if its tars are."""

    def edit(index: Document, manifest: Document, config: Document) -> None:
        notes = index["manifests"][0]["annotations"]
        base = int(notes["io.github.biot-plugin-kit.base-layers"])
        del manifest["layers"][:base]
        del config["rootfs"]["diff_ids"][:base]
        name, digest = "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest"
        notes.update({name: "", digest: "", "io.github.biot-plugin-kit.base-layers": "0"})

    return lambda sound, target: sound.write(target, tars=tars, edit=edit)


def _dockerfile_bomb(sound: SoundLayout, target: Path) -> None:
    as_of_dockerfile(_bomb(192 << 20))(sound, target)


CHARACTER, BLOCK = tarfile.CHRTYPE, tarfile.BLKTYPE
TASK = "var/task/"
FORGERIES: dict[str, Forgery] = {
    # Members of a layer.
    "traversal": with_layer(file_records("var/task/../../etc/passwd", 0o644, 0)),
    "traversal at the start": with_tar(file_records("../escaped", 0o644, 0) + END),
    "absolute path": with_tar(file_records("/etc/passwd", 0o644, 0) + END),
    "outside of the task root": with_tar(folder_records("etc") + file_records("etc/passwd", 0o644, 0) + END),
    "beside the task root": with_tar(
        folder_records("var") + folder_records("var/taskx") + file_records("var/taskx/a", 0o644, 0) + END
    ),
    "the task root as a file": with_tar(folder_records("var") + file_records("var/task", 0o644, 0) + END),
    "dot in a path": with_layer(file_of("./a.py")),
    "double slash": with_layer(file_of("a//b.py")),
    "backslash": with_layer(file_of("a\\b.py")),
    "control character": with_layer(file_of("a\nb.py")),
    "text direction": with_layer(file_of("a\u202eyp.exe")),
    "not UTF-8": with_layer(file_of("aa.py").replace(b"aa.py", b"\xff\xfe.py")),
    "link out of the root": with_layer(foreign(f"{TASK}a", LINK, linkname="/etc/passwd")),
    "link inside": with_layer(foreign(f"{TASK}a", LINK, linkname="index.py")),
    "hard link": with_layer(foreign(f"{TASK}a", HARD, linkname=f"{TASK}index.py")),
    "hard link out of the root": with_layer(foreign(f"{TASK}a", HARD, linkname="/etc/shadow")),
    "folder replaced by a link": with_layer(
        foreign(f"{TASK}data", LINK, linkname="/tmp"),  # noqa: S108 - a name in a tar
        file_of("data/escaped"),
    ),
    "character device": with_layer(foreign(f"{TASK}null", CHARACTER, devmajor=1, devminor=3)),
    "block device": with_layer(foreign(f"{TASK}sda", BLOCK, devmajor=8)),
    "pipe": with_layer(foreign(f"{TASK}pipe", FIFO)),
    "sparse file": with_layer(foreign(f"{TASK}a", tarfile.GNUTYPE_SPARSE)),
    "long name of GNU": with_layer(foreign(f"{TASK}a", tarfile.GNUTYPE_LONGNAME)),
    "global header": with_layer(foreign(f"{TASK}a", tarfile.XGLTYPE)),
    "unknown type": with_layer(foreign(f"{TASK}a", b"Z")),
    "set-user-id": with_layer(file_of("a", mode=0o4755)),
    "world writable": with_layer(file_of("a", mode=0o666)),
    "other owner": with_layer(foreign(f"{TASK}a", tarfile.REGTYPE, uid=1000)),
    "owner by name": with_layer(foreign(f"{TASK}a", tarfile.REGTYPE, uname="root")),
    "other time": with_layer(foreign(f"{TASK}a", tarfile.REGTYPE, mtime=1_700_000_000)),
    "extended attributes": with_layer(
        foreign(f"{TASK}a", tarfile.REGTYPE, pax_headers={"SCHILY.xattr.security.capability": "x"})
    ),
    "huge extended header": with_layer(foreign(f"{TASK}a", tarfile.REGTYPE, pax_headers={"comment": "x" * 1_000_000})),
    "negative size": with_layer(file_of("a").replace(b"00000000006\x00", b"-0000000006\x00", 1)),
    "binary size": with_layer(file_of("a").replace(b"00000000006\x00", b"\x80" + bytes(10) + b"\x06", 1)),
    "wrong checksum": with_layer(file_of("a").replace(b"ustar\x0000", b"ustar  \x00", 1)),
    "whiteout of the base": with_layer(foreign(f"{TASK}.wh.index.py", tarfile.REGTYPE), b"x"),
    "duplicate path in a layer": with_layer(file_of("zz.py"), file_of("zz.py")),
    "duplicate path in two layers": with_layer(file_of("index.py", b"evil = 1\n")),
    "file where a layer has a folder": with_layer(file_of("one", b"x")),
    "folder where a layer has a file": with_layer(folder_records(f"{TASK}index.py"), file_of("index.py/a.py")),
    "files out of order": with_layer(file_of("zz.py"), file_of("yy.py")),
    "empty folder": with_layer(folder_records(f"{TASK}nothing")),
    "missing folder": with_tar(file_of("zz.py") + END),
    "content behind the padding": with_layer(file_of("zz.py")[:-1] + b"x"),
    "no end": with_tar(FOLDERS + file_of("zz.py")),
    "cut in a content": with_tar(FOLDERS + file_of("zz.py", bytes(5000))[:3000]),
    "members behind the end": with_tar(tar_of(file_of("zz.py")) + file_of("zzz.py") + END),
    "no tar": with_tar(b"this is not a tar" * 100),
    # Layers as of a Dockerfile, where links and devices are allowed.
    "Dockerfile: traversal": as_of_dockerfile(file_records("var/../../a", 0o644, 0) + END),
    "Dockerfile: absolute path": as_of_dockerfile(file_records("/etc/passwd", 0o644, 0) + END),
    "Dockerfile: duplicate path": as_of_dockerfile(tar_of(file_of("zz.py"), file_of("zz.py"))),
    "Dockerfile: out of order": as_of_dockerfile(tar_of(file_of("zz.py"), file_of("yy.py"))),
    "Dockerfile: hard link to nothing": as_of_dockerfile(tar_of(foreign(f"{TASK}a", HARD, linkname="/etc/shadow"))),
    "Dockerfile: other owner": as_of_dockerfile(tar_of(foreign(f"{TASK}a", tarfile.REGTYPE, uid=1000))),
    "Dockerfile: extended attributes": as_of_dockerfile(
        tar_of(foreign(f"{TASK}a", tarfile.REGTYPE, pax_headers={"SCHILY.xattr.security.capability": "x"}))
    ),
    "Dockerfile: bomb": _dockerfile_bomb,
    "Dockerfile: layers of the base left out": with_edit(
        lambda index, _, __: index["manifests"][0]["annotations"].update(
            {"org.opencontainers.image.base.name": "", "io.github.biot-plugin-kit.base-layers": "0"}
        )
    ),
    # Compressed bytes.
    "bomb": lambda sound, target: sound.write(target, tars=[_bomb(192 << 20)]),
    "two gzip members": with_blob(lambda tar: packed(tar[:512]) + packed(tar[512:])),
    "bytes behind the gzip member": with_blob(lambda tar: packed(tar) + b"hidden"),
    "file name in the gzip header": with_blob(lambda tar: b"\x1f\x8b\x08\x08\0\0\0\0\0\xffhidden\0" + packed(tar)[10:]),
    "cut gzip": with_blob(lambda tar: packed(tar)[:-9]),
    "wrong CRC of gzip": with_blob(lambda tar: packed(tar)[:-8] + b"0000" + packed(tar)[-4:]),
    "not compressed": with_blob(lambda tar: tar),
    "zstd": with_blob(lambda _: b"\x28\xb5\x2f\xfd" + bytes(60)),
    # Digests.
    "flipped byte": _damage(f"{BLOBS}/*", lambda data: data[:-30] + bytes([data[-30] ^ 1]) + data[-29:]),
    "longer blob": _damage(f"{BLOBS}/*", lambda data: data + b"\0"),
    "shorter blob": _damage(f"{BLOBS}/*", lambda data: data[:-1]),
    "other diff id": with_edit(lambda _, __, config: _set(config, "rootfs", "diff_ids", -1, value=digest_of(b""))),
    "missing diff id": with_edit(lambda _, __, config: config["rootfs"]["diff_ids"].pop()),
    "missing blob": with_files(lambda target: _replace_blob(target, lambda *_: None)),
    # Documents.
    "huge manifest": with_raw("manifest", lambda data: data[:-1] + b',"x":"' + b"y" * (5 << 20) + b'"}'),
    "huge index": with_raw("index", lambda data: data + b" " * (64 << 20)),
    "deep index": with_raw("index", lambda _: b"[" * 60_000),
    "deep config": with_raw("config", lambda _: b'{"a":' * 100_000),
    "a thousand layers": with_edit(lambda _, m, __: m["layers"].extend(m["layers"] * 200)),
    "unknown key in the manifest": with_edit(lambda _, m, __: _set(m, "subject", value=m["config"])),
    "unknown key in the index": with_edit(lambda index, _, __: _set(index, "annotations", value={"a": "b"})),
    "two images": with_edit(lambda index, _, __: index["manifests"].append(index["manifests"][0].copy())),
    "other media type of a layer": with_edit(
        lambda _, m, __: _set(m, "layers", -1, "mediaType", value="application/vnd.oci.image.layer.v1.tar+zstd")
    ),
    "other architecture": with_edit(lambda _, __, config: _set(config, "architecture", value="arm64")),
    "spaces in the config": with_raw("config", lambda data: data + b" "),
    "lone surrogate": with_raw("config", lambda data: data.replace(b'"index.handler"', b'"\\ud800"')),
    "all layers are the base's": with_edit(
        lambda index, m, _: _set(
            index, "manifests", 0, "annotations", "io.github.biot-plugin-kit.base-layers", value=str(len(m["layers"]))
        )
    ),
    "more base layers than layers": with_edit(
        lambda index, _, __: _set(
            index, "manifests", 0, "annotations", "io.github.biot-plugin-kit.base-layers", value="99"
        )
    ),
    "digest with a path": with_edit(
        lambda _, m, __: _set(m, "layers", -1, "digest", value="sha256:../../../../etc/passwd")
    ),
    "no JSON": with_raw("index", lambda _: b"\xff\x00"),
    # Files of the layout.
    "other version": with_files(lambda target: (target / "oci-layout").write_text('{"imageLayoutVersion":"2"}')),
    "no version": with_files(lambda target: (target / "oci-layout").unlink()),
    "no index": with_files(lambda target: (target / "index.json").unlink()),
    "extra blob": with_files(lambda target: (target / BLOBS / ("0" * 64)).write_bytes(b"")),
    "extra file": with_files(lambda target: (target / "run.sh").write_bytes(b"")),
    "extra folder": with_files(lambda target: (target / "blobs" / "sha512").mkdir()),
    "blob is a link": with_files(lambda target: _replace_blob(target, _link_outside)),
    "blob is a pipe": with_files(lambda target: _replace_blob(target, lambda blob, _: os.mkfifo(blob))),
    "blobs is a link": with_files(_move_blobs),
    "many files": with_files(
        lambda target: [(target / BLOBS / f"{number:064x}").write_bytes(b"") for number in range(400)]
    ),
    "empty folder of a layout": with_files(_empty),
}

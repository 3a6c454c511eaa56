"""One change to an image that fits in itself: all digests are right, and only a new build can show the change."""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
import zlib
from random import Random
from typing import TYPE_CHECKING, Any

from builder import pipeline
from builder.errors import VerificationError
from builder.image.tar_records import END, file_records, folder_records, padding
from builder.progress import SilentProgress
from tests.support.images.forged_layouts import SoundLayout, digest_of, packed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.plugins.locked_plugin import LockedPlugin

    Document = dict[str, Any]
    Files = dict[str, tuple[int, bytes]]

BASE_LAYERS = "io.github.biot-plugin-kit.base-layers"


def files_of(tar: bytes) -> Files:
    """Path -> mode and content of the files in a layer."""
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        members = [member for member in archive.getmembers() if member.isfile()]
        return {member.name: (member.mode, _read(archive, member)) for member in members}


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = archive.extractfile(member)
    assert stream is not None
    return stream.read()


def tar_with(files: Files) -> bytes:
    """A layer's tar as the kit writes it."""
    parts, folders = [], set()
    for path in sorted(files, key=str.encode):
        mode, content = files[path]
        above = path.split("/")[:-1]
        for folder in ("/".join(above[: depth + 1]) for depth in range(len(above))):
            if folder not in folders:
                folders.add(folder)
                parts.append(folder_records(folder))
        parts += [file_records(path, mode, len(content)), content, padding(len(content))]
    return b"".join(parts) + END


def flip(sound: SoundLayout, target: Path, random: Random) -> None:
    """One bit of one file of the layout."""
    sound.copy(target)
    files = sorted(file for file in target.rglob("*") if file.is_file())
    file = random.choice(files)
    data = bytearray(file.read_bytes())
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    file.unlink()
    file.write_bytes(data)


def change_file(sound: SoundLayout, target: Path, random: Random) -> None:
    """One file of the plugin or of a package: content, mode, name, more or less of them."""
    tars = list(sound.tars)
    number = random.randrange(len(tars))
    files = files_of(tars[number])
    path = random.choice(sorted(files))
    mode, content = files[path]
    kind = random.choice(["content", "mode", "remove", "add", "rename"])
    if kind == "content":
        files[path] = (mode, content + b"#")
    elif kind == "mode":
        files[path] = (0o755 ^ 0o644 ^ mode, content)
    elif kind == "add":
        files[f"{path}x"] = (0o644, b"")
    else:
        del files[path]
        if kind == "rename":
            files[f"{path}y"] = (mode, content)
    tars[number] = tar_with(files)
    sound.write(target, tars=tars)


def compress_otherwise(sound: SoundLayout, target: Path, random: Random) -> None:
    """The same tar in other compressed bytes, with the same header of gzip."""
    number = random.randrange(len(sound.tars))
    layers = [packed(tar) for tar in sound.tars]
    other = zlib.compressobj(random.choice([1, 9]), zlib.DEFLATED, -15)
    tar = sound.tars[number]
    body = other.compress(tar) + other.flush()
    layers[number] = layers[number][:10] + body + layers[number][-8:]
    assert gzip.decompress(layers[number]) == tar
    sound.write(target, layers)


def other_layers(sound: SoundLayout, target: Path, random: Random) -> None:
    """The same files in layers of another order, or in fewer layers."""
    tars = list(sound.tars)
    one, other = random.sample(range(len(tars)), 2)
    if random.random() < 0.5:
        tars[one], tars[other] = tars[other], tars[one]
    else:
        merged = tar_with(files_of(tars[one]) | files_of(tars[other]))
        tars = [tar for number, tar in enumerate(tars) if number not in {one, other}] + [merged]
        sound.write(target, tars=tars, edit=lambda *documents: _cut(sound, len(tars), *documents))
        return
    sound.write(target, tars=tars)


def _cut(sound: SoundLayout, own: int, _: Document, manifest: Document, config: Document) -> None:
    base = len(sound.manifest["layers"]) - len(sound.tars)
    del manifest["layers"][base + own :]
    del config["rootfs"]["diff_ids"][base + own :]


def change_config(sound: SoundLayout, target: Path, random: Random) -> None:
    """What the container does when it starts."""
    edits: list[Callable[[Document], object]] = [
        lambda config: config.update(Cmd=["other.handler"]),
        lambda config: config.update(Cmd=["index.handler", "x"]),
        lambda config: config.update(Entrypoint=["/bin/sh"]),
        lambda config: config["Env"].append("LD_PRELOAD=/tmp/x.so"),
        lambda config: config["Env"].pop(),
        lambda config: config.update(WorkingDir="/tmp"),  # noqa: S108 - a value in a config
        lambda config: config.update(User="0"),
        lambda config: config.update(Labels={"a": "b"}),
        lambda config: config.pop("WorkingDir"),
        lambda config: config.update(StopSignal="SIGKILL"),
    ]
    edit = random.choice(edits)
    sound.write(target, edit=lambda _, __, config: edit(config["config"]))


def change_base(sound: SoundLayout, target: Path, random: Random) -> None:
    """The base image, or what the index says about it."""
    digest = digest_of(random.randbytes(8))
    edits: list[Callable[[Document, Document, Document], object]] = [
        lambda _, manifest, __: manifest["layers"][0].update(digest=digest),
        lambda _, manifest, __: manifest["layers"][1].update(size=random.randrange(1000)),
        lambda _, __, config: config["rootfs"]["diff_ids"].__setitem__(0, digest),
        lambda _, manifest, config: (manifest["layers"].pop(0), config["rootfs"]["diff_ids"].pop(0)),
        lambda index, _, __: _notes(index).update({"org.opencontainers.image.base.digest": digest}),
        lambda index, _, __: _notes(index).update({"org.opencontainers.image.base.name": "evil.example/base:1"}),
        lambda index, _, __: _notes(index).update({"org.opencontainers.image.ref.name": str(random.randrange(2, 99))}),
        lambda index, _, __: _notes(index).update({BASE_LAYERS: "1"}),
        lambda _, __, config: config.update(created="2026-11-01T00:00:00Z"),
        lambda _, __, config: config.update(history=[]),
    ]
    sound.write(target, edit=random.choice(edits))


def _notes(index: Document) -> Document:
    notes: Document = index["manifests"][0]["annotations"]
    return notes


CHANGES = (flip, change_file, compress_otherwise, other_layers, change_config, change_base)


def missed_changes(plugin: LockedPlugin, scratch: Path, count: int) -> list[str]:
    """Make changes of all kinds in turn, and return those that ``verify --rebuild`` does not find."""
    sound, random = SoundLayout.of(plugin.folder / "dist" / "sample-1.oci"), Random(20261129)  # noqa: S311 - no secret
    intact = {file.name: file.read_bytes() for file in sound.folder.rglob("*") if file.is_file()}
    missed = []
    for number in range(count):
        layout = scratch / str(number) / "sample-1.oci"
        change = CHANGES[number % len(CHANGES)]
        change(sound, layout, random)
        assert {file.name: file.read_bytes() for file in layout.rglob("*") if file.is_file()} != intact
        try:
            found = bool(pipeline.verify(layout, plugin.project, SilentProgress()).differences)
        except VerificationError:
            found = True
        if not found:
            missed.append(f"{number}: {change.__name__}")
        shutil.rmtree(layout.parent)
    return missed

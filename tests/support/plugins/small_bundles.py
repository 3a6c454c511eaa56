"""Small manifests, packs and sources, without a file anywhere."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

from builder.build_values import LockedPackage, Pack, PackMember
from builder.bundle.source_files import SourceFile
from builder.manifest.model import Build, Manifest, Plugin


def manifest_of(build: Build | None = None, *, runtime: str = "python3.13", folder: Path = Path("/p")) -> Manifest:
    plugin = Plugin(name="my-plugin", display_name="My plugin", version=1, runtime=runtime)
    return Manifest(file=folder / "plugin.toml", plugin=plugin, build=build or Build())


def member_of(path: str, content: bytes = b"", mode: int = 0o644) -> PackMember:
    return PackMember(
        path=path,
        mode=mode,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        crc32=zlib.crc32(content),
        method=0,
        compressed_size=len(content),
        offset=0,
    )


def pack_of(name: str, members: dict[str, bytes], *, version: str = "1.0", places: tuple[str, ...] = ("",)) -> Pack:
    package = LockedPackage(name=name, version=version, digest="sha256:0", places=places)
    file = Path(f"/store/{name}-{version}.zip")
    return Pack(
        package=package, file=file, members=tuple(member_of(path, content) for path, content in members.items())
    )


def source_of(path: str, content: bytes = b"") -> SourceFile:
    return SourceFile(path=path, origin=f"src/{path}", content=content)

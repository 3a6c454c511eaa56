"""``[build] recompress``: compresses packages more than their authors did, once per package, on all cores."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from builder.archive.compression import RECOMPRESS_LEVEL, compressor
from builder.build_values import Pack
from builder.host.fingerprint import code_digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.dependencies.store.pack_store import Store, StoredPack
    from builder.progress import Progress

COMPRESSING_CODE = ("archive/", "dependencies/store/recompression.py", "errors.py", "quoting.py", "build_values.py")
"""The code that writes these packs. Not the whole kit, because compressing 100 MB takes 12 s."""


def recompress(packs: Sequence[Pack], store: Store, progress: Progress) -> tuple[Pack, ...]:
    """The same packages with the same files in fewer bytes; earlier results come from the store.

    libdeflate releases the GIL, so all cores compress. The largest packages come first: one of them at the end would
    leave the other cores idle.

    Raises:
        DependencyError: The store cannot be written.
    """
    largest_first = sorted(range(len(packs)), key=lambda index: -sum(member.size for member in packs[index].members))
    progress.begin("Recompressing packages", len(packs))
    results: dict[int, Pack] = {}
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        recompressed = pool.map(lambda index: _recompress(packs[index], store), largest_first)
        for index, pack in zip(largest_first, recompressed, strict=True):
            results[index] = pack
            progress.advance(f"{pack.package.name} {pack.package.version}")
    return tuple(results[index] for index in range(len(packs)))


def _recompress(pack: Pack, store: Store) -> Pack:
    source = f"recompressed {code_digest(*COMPRESSING_CODE)}\n{pack.file.stem}\n{compressor(RECOMPRESS_LEVEL)}\n"
    key = hashlib.sha256(source.encode()).hexdigest()
    stored = store.find(key) or _write_pack(key, pack, store)
    if sum(member.compressed_size for member in stored.members) >= sum(one.compressed_size for one in pack.members):
        return pack  # its author compressed it better
    return Pack(package=pack.package, file=stored.file, members=stored.members)


def _write_pack(key: str, pack: Pack, store: Store) -> StoredPack:
    from builder.archive.reader import read_content
    from builder.archive.writer import pack_members

    with store.work_folder() as folder:
        file = folder / "pack.zip"
        contents = ((member.path, member.mode, read_content(pack.file, member)) for member in pack.members)
        pack_members(contents, file, level=RECOMPRESS_LEVEL)
        return store.add(key, file)

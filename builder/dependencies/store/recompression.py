"""``[build] recompress``: packages compressed harder than their authors did, once for each package, on every core."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from builder.archive.compression import RECOMPRESS_LEVEL, compressor
from builder.build_values import Pack
from builder.fingerprint import code_digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.dependencies.store.pack_store import Store, StoredPack
    from builder.progress import Progress

COMPRESSING_CODE = ("archive/", "dependencies/store/recompression.py", "errors.py", "quoting.py", "build_values.py")
"""What writes the packs anew. Not the whole kit, because compressing 100 MB takes 12 s."""


def recompress(packs: Sequence[Pack], store: Store, progress: Progress) -> tuple[Pack, ...]:
    """The same packages with the same files, in fewer bytes; what was compressed before is taken from the store.

    libdeflate lets other threads run, so every core compresses. The largest packages go first: one of them at the end
    would leave the other cores idle.

    Raises:
        DependencyError: The store cannot be written.
    """
    largest_first = sorted(range(len(packs)), key=lambda at: -sum(member.size for member in packs[at].members))
    progress.begin("Compressing packages harder", len(packs))
    smaller: dict[int, Pack] = {}
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for at, made in zip(
            largest_first, pool.map(lambda at: _recompressed(packs[at], store), largest_first), strict=True
        ):
            smaller[at] = made
            progress.advance(f"{made.package.name} {made.package.version}")
    return tuple(smaller[at] for at in range(len(packs)))


def _recompressed(pack: Pack, store: Store) -> Pack:
    about = f"recompressed {code_digest(*COMPRESSING_CODE)}\n{pack.file.stem}\n{compressor(RECOMPRESS_LEVEL)}\n"
    key = hashlib.sha256(about.encode()).hexdigest()
    stored = store.find(key) or _make(key, pack, store)
    if sum(member.compressed_size for member in stored.members) >= sum(one.compressed_size for one in pack.members):
        return pack  # its author did better
    return Pack(package=pack.package, file=stored.file, members=stored.members)


def _make(key: str, pack: Pack, store: Store) -> StoredPack:
    from builder.archive.reader import read_content
    from builder.archive.writer import pack_members

    with store.work() as folder:
        file = folder / "pack.zip"
        contents = ((member.path, member.mode, read_content(pack.file, member)) for member in pack.members)
        pack_members(contents, file, level=RECOMPRESS_LEVEL)
        return store.add(key, file)

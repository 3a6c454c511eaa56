"""Layers of container images in the store, so that each is compressed once, and base layers are fetched once.

::

    layers/<2 hex>/<key>.gz      the layer as a registry has it; its modification time is its last use
    layers/<2 hex>/<key>.json    its digest, size, media type and diff id, and what it contains

A layer that the kit wrote has everything that decides its bytes in its key. The key of a base
layer is its digest. As with packs, every layer is hashed each time it is used.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.dependencies.store.pack_store import file_sha256, record_use
from builder.oci import Descriptor, StoredLayer

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from builder.dependencies.store.pack_store import Store

LAYERS = "layers"


class LayerStore(Struct, frozen=True):
    """The layers in a store."""

    store: Store

    def find_layer(self, key: str) -> StoredLayer | None:
        """The layer under a key, after checking its size and digest; None when it is absent or damaged."""
        file = self._path_of(key)
        with suppress(OSError):
            layer = read_layer(file)
            if layer is None or file.stat().st_size != layer.descriptor.size:
                return None
            if f"sha256:{file_sha256(file)}" != layer.descriptor.digest:
                return None
            record_use(file)
            return layer
        return None

    def add_layer(self, key: str, layer: StoredLayer, label: str) -> StoredLayer:
        """Move a layer, whose file is in ``work_folder()``, into the store under a key.

        Args:
            key: Everything that decides its bytes, in hex; or the hex of its digest.
            layer: The layer.
            label: What it contains, for people.
        """
        file = self._path_of(key)
        file.parent.mkdir(parents=True, exist_ok=True)
        note = layer.file.with_suffix(".json")
        fields = {
            "mediaType": layer.descriptor.media_type,
            "digest": layer.descriptor.digest,
            "size": layer.descriptor.size,
            "diffId": layer.diff_id,
            "label": label,
        }
        note.write_text(json.dumps(fields), "utf-8")
        # An older layer under this key is damaged. With the new note it has a wrong digest until its file is replaced.
        note.replace(file.with_suffix(".json"))
        layer.file.replace(file)
        return StoredLayer(file=file, descriptor=layer.descriptor, diff_id=layer.diff_id)

    def work_folder(self) -> AbstractContextManager[Path]:
        """A private folder on the store's file system, removed afterwards.

        Raises:
            DependencyError: The store is not writable.
        """
        return self.store.work_folder()

    def _path_of(self, key: str) -> Path:
        return self.store.folder / LAYERS / key[:2] / f"{key}.gz"


def layer_label(file: Path) -> str:
    """What a layer of the store contains, for people; empty when its note does not say."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return f"layer of {json.loads(file.with_suffix('.json').read_bytes())['label']}"
    return ""


def read_layer(file: Path) -> StoredLayer | None:
    """The layer in a file of the store, as its note describes it; None without a valid note."""
    try:
        note = json.loads(file.with_suffix(".json").read_bytes())
        descriptor = Descriptor(media_type=str(note["mediaType"]), digest=str(note["digest"]), size=int(note["size"]))
        return StoredLayer(file=file, descriptor=descriptor, diff_id=str(note["diffId"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None

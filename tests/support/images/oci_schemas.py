"""The documents of an OCI layout compared with the JSON Schemas of the OCI image specification 1.1.1."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jsonschema_rs import Draft4Validator

from builder.image.layout_files import INDEX_FILE, VERSION_FILE, blob_path

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMAS = Path(__file__).parents[2] / "data" / "oci-image-spec"
LAYOUT, INDEX, MANIFEST, CONFIG = (
    f"{name}-schema" for name in ("image-layout", "image-index", "image-manifest", "config")
)


def schema_problems(layout: Path) -> list[str]:
    """What the schemas say against the version file, index, manifest and config of a layout; empty if nothing."""
    index = (layout / INDEX_FILE).read_bytes()
    manifest = blob_path(layout, json.loads(index)["manifests"][0]["digest"]).read_bytes()
    config = blob_path(layout, json.loads(manifest)["config"]["digest"]).read_bytes()
    documents = {LAYOUT: (layout / VERSION_FILE).read_bytes(), INDEX: index, MANIFEST: manifest, CONFIG: config}
    return [problem for name, content in documents.items() for problem in document_problems(name, content)]


def document_problems(schema: str, content: bytes) -> Iterator[str]:
    """What one schema, such as ``image-manifest-schema``, says against a document."""
    for error in _validator(schema).iter_errors(json.loads(content)):
        yield f"{schema}: {'/'.join(map(str, error.instance_path))}: {error.message}"


@cache
def _validator(schema: str) -> Draft4Validator:
    return Draft4Validator(_read(schema), retriever=lambda uri: _read(uri.rpartition("/")[2].removesuffix(".json")))


def _read(name: str) -> Any:  # noqa: ANN401 - a schema is any JSON
    return json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))

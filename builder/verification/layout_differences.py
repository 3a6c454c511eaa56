"""The differences between two images, file by file, then layer by layer, then byte by byte. Reads no files."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

from builder.image.base_image import config_document
from builder.quoting import printable
from builder.verification.artifact_differences import Difference, DifferenceKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from builder.build_values import PackMember
    from builder.image.layout_reader import ReadLayer, ReadLayout


def compare_layouts(actual: ReadLayout, expected: ReadLayout) -> tuple[Difference, ...]:
    """Every difference between an image and the one of a new build; none means the same digests."""
    parts = (_compare_base, _compare_files, _compare_configs)
    if differences := tuple(difference for part in parts for difference in part(actual, expected)):
        return differences
    return tuple(_compare_layers(actual, expected)) or tuple(_compare_digests(actual, expected))


def compare_with_image_report(layout: ReadLayout, report: Mapping[str, object]) -> Iterator[Difference]:
    """Values about the image in a report that the image itself contradicts."""
    found = report.get("image")
    reported = found if isinstance(found, dict) else {}
    rows = reported.get("layers")
    layers = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    pairs: list[tuple[str, object, object]] = [
        ("image.base", reported.get("base", ""), layout.notes.base),
        ("image.baseDigest", reported.get("baseDigest", ""), layout.notes.base_digest),
    ]
    for number, (row, layer) in enumerate(zip_longest(layers, layout.layers)):
        actual = _layer_values(layer) if layer else {}
        pairs += [
            (f"image.layers[{number}].{key}", (row or {}).get(key), actual.get(key))
            for key in ("digest", "diffId", "size", "isBase")
        ]
    for key, value, other in pairs:
        if value != other:
            detail = f"the report has {_text(value)}, the image has {_text(other)}"
            yield Difference(kind=DifferenceKind.REPORT, path=key, detail=detail)


def _layer_values(layer: ReadLayer) -> dict[str, object]:
    return {
        "digest": layer.descriptor.digest,
        "diffId": layer.diff_id,
        "size": layer.descriptor.size,
        "isBase": layer.contents is None,
    }


def _compare_base(actual: ReadLayout, expected: ReadLayout) -> Iterator[Difference]:
    for key, value, other in (
        ("base image", actual.notes.base, expected.notes.base),
        ("digest of the base image", actual.notes.base_digest, expected.notes.base_digest),
        ("tag", actual.notes.tag, expected.notes.tag),
    ):
        if value != other:
            detail = f"is {_text(value)}, should be {_text(other)}"
            yield Difference(kind=DifferenceKind.HEADER, path=key, detail=detail)


def _compare_files(actual: ReadLayout, expected: ReadLayout) -> Iterator[Difference]:
    files, others = ({member.path: member for member in layout.members} for layout in (actual, expected))
    for path in sorted(files.keys() | others.keys()):
        yield from _compare_file(printable(path), files.get(path), others.get(path))


def _compare_file(path: str, member: PackMember | None, other: PackMember | None) -> Iterator[Difference]:
    if other is None:
        yield Difference(kind=DifferenceKind.EXTRA, path=path, detail="is in the artifact but should not be")
    elif member is None:
        yield Difference(kind=DifferenceKind.MISSING, path=path, detail="is not in the artifact")
    else:
        if member.mode != other.mode:
            detail = f"{member.mode:04o}, should be {other.mode:04o}"
            yield Difference(kind=DifferenceKind.MODE, path=path, detail=detail)
        if member.sha256 != other.sha256:
            is_now, should_be = (f"{one.size} bytes with sha256 {one.sha256[:16]}…" for one in (member, other))
            yield Difference(kind=DifferenceKind.CONTENT, path=path, detail=f"{is_now}, should be {should_be}")


def _compare_configs(actual: ReadLayout, expected: ReadLayout) -> Iterator[Difference]:
    settings = [config_document(layout.config).get("config") for layout in (actual, expected)]
    found, wanted = (one if isinstance(one, dict) else {} for one in settings)
    for key in sorted(found.keys() | wanted.keys()):
        if found.get(key) != wanted.get(key):
            detail = f"is {_text(found.get(key))}, should be {_text(wanted.get(key))}"
            yield Difference(kind=DifferenceKind.HEADER, path=f"config.{printable(key)}", detail=detail)


def _compare_layers(actual: ReadLayout, expected: ReadLayout) -> Iterator[Difference]:
    if len(actual.layers) != len(expected.layers):
        detail = f"the image has {len(actual.layers)} layers, should have {len(expected.layers)}"
        yield Difference(kind=DifferenceKind.ORDER, path="", detail=detail)
        return
    for number, (layer, other) in enumerate(zip(actual.layers, expected.layers, strict=True)):
        if layer.diff_id != other.diff_id:
            detail = "has files that should be in another layer, or in another order"
            yield Difference(kind=DifferenceKind.ORDER, path=f"layer {number + 1}", detail=detail)
        elif layer.descriptor.digest != other.descriptor.digest:
            sizes = f"{layer.descriptor.size} bytes, should be {other.descriptor.size} bytes"
            detail = f"same content, different compressed bytes: {sizes}"
            yield Difference(kind=DifferenceKind.COMPRESSOR, path=f"layer {number + 1}", detail=detail)


def _compare_digests(actual: ReadLayout, expected: ReadLayout) -> Iterator[Difference]:
    if (actual.artifact.sha256, actual.artifact.size) != (expected.artifact.sha256, expected.artifact.size):
        detail = f"the image is sha256:{actual.artifact.sha256[:16]}…, should be {expected.artifact.sha256[:16]}…"
        yield Difference(kind=DifferenceKind.BYTES, path="", detail=detail)


def _text(value: object) -> str:
    return "nothing" if value is None else printable(str(value), 80)

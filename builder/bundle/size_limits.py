"""Compares an artifact with Lambda's size limits: before a byte is written, and again on every later run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.errors import PackagingError, Problem, Severity
from builder.image.lambda_images import IMAGE_MAX
from builder.platform.limits import SIZE_WARNING_SHARE, UNZIPPED_MAX, ZIP_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from builder.archive.package_sizes import PackageRow

_LARGEST = 10
_MB = 1 << 20
"""As in Lambda's "50 MB", which means 52,428,800 bytes."""
_ZIPPED = "as a ZIP"
_HINT = "Remove dependencies that the function does not import, or exclude files with [build] exclude."


def check_sizes(
    zipped: int, unpacked: int, rows: Sequence[PackageRow], advice: Callable[[], tuple[str, str]] = lambda: ("", "")
) -> tuple[Problem, ...]:
    """Compare an artifact with the limits of a ZIP that is uploaded directly.

    Args:
        zipped: Bytes of the ZIP.
        unpacked: Bytes of its content.
        rows: Both sizes of each package.
        advice: Called when the artifact is too large; returns a sentence on how to make it smaller,
            and the settings.

    Returns:
        A warning for each limit that is nearly reached.

    Raises:
        PackagingError: A limit is exceeded; lists the largest packages.
    """
    sizes = ((zipped, ZIP_MAX, _ZIPPED), (unpacked, UNZIPPED_MAX, "unpacked"))
    exceeded = [_comparison(size, limit, form) for size, limit, form in sizes if size > limit]
    if exceeded:
        msg = f"The artifact would be {' and '.join(exceeded)}."
        largest = largest_packages(rows, packed=zipped > ZIP_MAX)
        hint, setting = advice()
        raise PackagingError(
            msg,
            hint=f"{_HINT} {hint}".strip(),
            setting=setting,
            problems=[Problem(message=f"{line}.", code="too-large") for line in largest],
        )
    return tuple(
        Problem(
            message=f"The artifact is {_comparison(size, limit, form)}.",
            hint=f"Largest: {'; '.join(largest_packages(rows, packed=form == _ZIPPED)[:3])}.",
            code="too-large",
            severity=Severity.WARNING,
        )
        for size, limit, form in sizes
        if size > limit * SIZE_WARNING_SHARE
    )


def check_image_size(unpacked: int, base: int, rows: Sequence[PackageRow]) -> tuple[Problem, ...]:
    """Compare an image with Lambda's limit.

    Args:
        unpacked: Bytes of the plugin's files.
        base: Bytes of the base's layers as a registry has them. Unpacked they are larger, but nobody
            knows by how much before they are fetched.
        rows: The size of each package.

    Returns:
        A warning if the limit is nearly reached.

    Raises:
        PackagingError: The limit is exceeded; lists the largest packages.
    """
    size = unpacked + base
    if size <= IMAGE_MAX * SIZE_WARNING_SHARE:
        return ()
    message = f"The image is at least {_comparison(size, IMAGE_MAX, 'unpacked')}."
    largest = [f"{row.label}: {row.size / _MB:.1f} MB" for row in sorted(rows, key=lambda row: -row.size)[:_LARGEST]]
    if size > IMAGE_MAX:
        raise PackagingError(
            message, hint=_HINT, problems=[Problem(message=f"{line}.", code="too-large") for line in largest]
        )
    hint = f"Largest: {'; '.join(largest[:3])}."
    return (Problem(message=message, hint=hint, code="too-large", severity=Severity.WARNING),)


def largest_packages(rows: Sequence[PackageRow], *, packed: bool) -> list[str]:
    """One line for each of the ten largest packages: by their size in the ZIP when ``packed``, else unpacked."""
    ranked = sorted(rows, key=lambda row: (-(row.packed_size if packed else row.size), row.label))
    return [
        f"{row.label}: {row.packed_size / _MB:.1f} MB in the ZIP, {row.size / _MB:.1f} MB unpacked"
        for row in ranked[:_LARGEST]
    ]


def _comparison(size: int, limit: int, form: str) -> str:
    return f"{size / _MB:.1f} MB ({size} bytes) {form}; Lambda allows {limit // _MB} MB ({limit} bytes)"

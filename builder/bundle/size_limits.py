"""Lambda's size limits, held against an artifact before a byte is written, and told again on every later run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.errors import PackagingError, Problem, Severity
from builder.platform.limits import SIZE_WARNING_SHARE, UNZIPPED_MAX, ZIP_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from builder.archive.package_sizes import PackageRow

_LARGEST = 10
_MB = 1 << 20
"""As in Lambda's "50 MB", which are 52 428 800 bytes."""
_ZIPPED = "as a ZIP"
_HINT = "Depend on less: leave out packages that the function does not import, or files with [build] exclude."


def check_sizes(
    zipped: int, unpacked: int, rows: Sequence[PackageRow], advice: Callable[[], tuple[str, str]] = lambda: ("", "")
) -> tuple[Problem, ...]:
    """Hold an artifact against the limits of a ZIP that is uploaded directly.

    Args:
        zipped: Bytes of the ZIP.
        unpacked: Bytes of its content.
        rows: What each package has of both.
        advice: Asked when the artifact is too large: a sentence on what would make it smaller, and the settings.

    Returns:
        A warning for each limit that is nearly used up.

    Raises:
        PackagingError: A limit is exceeded; names the largest packages.
    """
    sizes = ((zipped, ZIP_MAX, _ZIPPED), (unpacked, UNZIPPED_MAX, "unpacked"))
    over = [_told(size, limit, form) for size, limit, form in sizes if size > limit]
    if over:
        msg = f"The artifact would be {' and '.join(over)}."
        largest = largest_packages(rows, packed=zipped > ZIP_MAX)
        hint, setting = advice()
        raise PackagingError(
            msg,
            hint=f"{_HINT} {hint}".strip(),
            setting=setting,
            problems=[Problem(message=f"{line}.") for line in largest],
        )
    return tuple(
        Problem(
            message=f"The artifact is {_told(size, limit, form)}.",
            hint=f"Largest: {'; '.join(largest_packages(rows, packed=form == _ZIPPED)[:3])}.",
            severity=Severity.WARNING,
        )
        for size, limit, form in sizes
        if size > limit * SIZE_WARNING_SHARE
    )


def largest_packages(rows: Sequence[PackageRow], *, packed: bool) -> list[str]:
    """One line for each of the ten that are largest: in the ZIP when ``packed``, else unpacked."""
    ranked = sorted(rows, key=lambda row: (-(row.packed_size if packed else row.size), row.label))
    return [
        f"{row.label}: {row.packed_size / _MB:.1f} MB in the ZIP, {row.size / _MB:.1f} MB unpacked"
        for row in ranked[:_LARGEST]
    ]


def _told(size: int, limit: int, form: str) -> str:
    return f"{size / _MB:.1f} MB ({size} bytes) {form}; Lambda takes {limit // _MB} MB ({limit} bytes)"

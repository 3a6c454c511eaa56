"""Lambda's size limits, held against a bundle before a byte is written."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from builder.archive.writer import zip_size
from builder.errors import PackagingError, Problem, Severity
from builder.platform.limits import SIZE_WARNING_SHARE, UNZIPPED_MAX, ZIP_MAX

if TYPE_CHECKING:
    from builder.values import Bundle

_LARGEST = 10
_MB = 1 << 20
"""As in Lambda's "50 MB", which are 52 428 800 bytes."""
_ZIPPED = "as a ZIP"
_HINT = "Depend on less: leave out packages the function does not import, or files with [build] exclude."


def check_sizes(bundle: Bundle) -> tuple[Problem, ...]:
    """Hold the bundle against the limits of a ZIP that is uploaded directly.

    Returns:
        A warning for each limit that is nearly used up.

    Raises:
        PackagingError: A limit is exceeded; names the largest packages.
    """
    sizes = ((zip_size(bundle.entries), ZIP_MAX, _ZIPPED), (bundle.size, UNZIPPED_MAX, "unpacked"))
    zipped = sizes[0][0] > ZIP_MAX
    over = [_told(size, limit, form) for size, limit, form in sizes if size > limit]
    if over:
        msg = f"the artifact would be {' and '.join(over)}"
        raise PackagingError(
            msg,
            hint=_HINT,
            problems=[Problem(message=line) for line in largest_packages(bundle, packed=zipped)],
        )
    return tuple(
        Problem(
            message=f"the artifact is {_told(size, limit, form)}",
            hint=f"Largest: {'; '.join(largest_packages(bundle, packed=form == _ZIPPED)[:3])}",
            severity=Severity.WARNING,
        )
        for size, limit, form in sizes
        if size > limit * SIZE_WARNING_SHARE
    )


def largest_packages(bundle: Bundle, *, packed: bool) -> list[str]:
    """One line for each of the ten that are largest: in the ZIP when ``packed``, else unpacked."""
    zipped: Counter[str] = Counter()
    unpacked: Counter[str] = Counter()
    for entry in bundle.entries:
        owner = entry.owner or "the plugin's own files"
        zipped[owner] += entry.compressed_size
        unpacked[owner] += entry.size
    weights = zipped if packed else unpacked
    ranked = sorted(weights, key=lambda owner: (-weights[owner], owner))
    return [
        f"{owner}: {zipped[owner] / _MB:.1f} MB in the ZIP, {unpacked[owner] / _MB:.1f} MB unpacked"
        for owner in ranked[:_LARGEST]
    ]


def _told(size: int, limit: int, form: str) -> str:
    return f"{size / _MB:.1f} MB ({size} bytes) {form}; Lambda takes {limit // _MB} MB ({limit} bytes)"

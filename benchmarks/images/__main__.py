"""``tox -e images``: container images, measured and proved, written to docs/images.md.

To add a part of the page, write a module with ``measure(scratch) -> Section`` and add it to ``PARTS``.
"""

from __future__ import annotations

import os
import platform
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.images import (
    changed_layouts,
    dockerfiles,
    engine_calls,
    interoperability,
    local_registry,
    node_engine,
    own_account,
    package_growth,
    registry_faults,
    same_digest,
    speed,
)
from benchmarks.images.section import Row, Section

if TYPE_CHECKING:
    from collections.abc import Callable

PARTS: dict[str, Callable[[Path], Section]] = {
    "same-digest": same_digest.measure,
    "changes": changed_layouts.measure,
    "interoperability": interoperability.measure,
    "local-registry": local_registry.measure,
    "engine": engine_calls.measure,
    "node": node_engine.measure,
    "dockerfiles": dockerfiles.measure,
    "own-account": own_account.measure,
    "faults": registry_faults.measure,
    "speed": speed.measure,
    "growth": package_growth.measure,
}
PAGE = Path(__file__).parents[2] / "docs" / "images.md"


def main(names: list[str]) -> int:
    """Measure the named parts and print them; all parts are also written to the page. 1 when a bar is missed."""
    # Both stop engines and registries; a shell starts background jobs with SIGINT ignored, and builds inherit that.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    start = time.monotonic()
    sections = []
    for name in names or PARTS:
        sections.append(measured(name))
        if not names:
            lines = [*heading(time.monotonic() - start), *(line for section in sections for line in section.lines())]
            PAGE.write_text("\n".join(lines).rstrip() + "\n", "utf-8")
    return 0 if all(row.met for section in sections for row in section.rows) else 1


def measured(name: str) -> Section:
    """Measure one part, and print it. A part that fails is a bar that was missed; the others are measured."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=f"biot-images-{name}-", ignore_cleanup_errors=True) as folder:
        try:
            section = PARTS[name](Path(folder))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, it belongs on the page
            traceback.print_exc()
            row = Row(what="this part", bar="ends", figure=f"failed: {type(error).__name__}", met=False)
            section = Section(heading=name, about="The part failed; the output of the run says why.", rows=(row,))
    print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    print("\n".join(section.lines()), flush=True)
    return section


def heading(seconds: float) -> list[str]:
    """What was done, where, and how to repeat it."""
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    return [
        "# Container images",
        "",
        f"Written by `tox -e images`; do not edit. This run: {machine}, {seconds:.0f} s.",
        "",
    ]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

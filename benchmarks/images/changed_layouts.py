"""Changed and hostile layouts: ``verify --rebuild`` finds every change, and both readers refuse every forgery."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from benchmarks.images.kit_commands import KIT
from benchmarks.images.section import Row, Section
from benchmarks.timing import resources_of
from builder import pipeline
from builder.errors import VerificationError
from builder.progress import SilentProgress
from tests.support.images.forged_layouts import FORGERIES, SoundLayout
from tests.support.images.image_changes import CHANGES, missed_changes
from tests.support.images.image_plugin import image_plugin

if TYPE_CHECKING:
    from pathlib import Path

ABOUT = """\
A plugin with two packages is built. A change is one bit, or one that fits in itself: another file, mode, order, layer,
config, base or compressor, with all digests right. A forgery is a layout with something malicious or damaged: paths
and links out of the root, devices, bombs, wrong digests, duplicate paths, documents of a wrong form. `verify` and
`inspect` read each in a process of their own, from start to end."""
CHANGED, FORGED = 200, 60
SECONDS, MEGABYTES = 2.0, 256


def measure(scratch: Path) -> Section:
    """Build a plugin, change its image, and forge layouts."""
    plugin = image_plugin(scratch / "sound")
    os.environ["BIOT_PLUGIN_STORE"] = str(plugin.store)
    sound = SoundLayout.of(pipeline.package(plugin.project, SilentProgress()).artifact.file)
    missed = missed_changes(plugin, scratch / "changed", CHANGED)
    print(*missed, sep="\n", end="\n" if missed else "")
    changed = Row(
        what=f"single changes of {len(CHANGES)} kinds that `verify --rebuild` finds",
        bar=f"{CHANGED} of {CHANGED}",
        figure=f"{CHANGED - len(missed)} of {CHANGED}",
        met=not missed,
    )
    return Section(heading="Changed and hostile layouts", about=ABOUT, rows=(changed, *_forged(sound, scratch)))


def _forged(sound: SoundLayout, scratch: Path) -> list[Row]:
    accepted, escaped, slowest, largest = [], [], 0.0, 0.0
    for number, (name, forge) in enumerate(FORGERIES.items()):
        layout = scratch / "forged" / str(number) / "sample-1.oci"
        layout.parent.mkdir(parents=True)
        forge(sound, layout)
        before = _contents(scratch / "forged")
        for command in ("inspect", "verify"):
            used = resources_of([*KIT, command, str(layout)], scratch)
            slowest, largest = max(slowest, used.seconds), max(largest, used.kilobytes / 1000)
            if used.exit_code != VerificationError.exit_code:
                accepted.append(f"{command}: {name} ({used.exit_code})")
        if _contents(scratch / "forged") != before:
            escaped.append(name)
    print(*accepted, *escaped, sep="\n", end="\n" if accepted or escaped else "")
    refused = f"{2 * len(FORGERIES) - len(accepted)} of {2 * len(FORGERIES)}"
    return [
        Row(
            what=f"{len(FORGERIES)} forged layouts refused by `inspect` and `verify`",
            bar=f"all of ≥ {FORGED}",
            figure=refused,
            met=not accepted and len(FORGERIES) >= FORGED,
        ),
        Row(
            what="the slowest of these processes",
            bar=f"< {SECONDS:.0f} s",
            figure=f"{slowest:.2f} s",
            met=slowest < SECONDS,
        ),
        Row(
            what="the peak memory of the largest",
            bar=f"< {MEGABYTES} MB",
            figure=f"{largest:.0f} MB",
            met=largest < MEGABYTES,
        ),
        Row(what="files that one of them wrote or changed", bar="0", figure=str(len(escaped)), met=not escaped),
    ]


def _contents(folder: Path) -> dict[str, tuple[int, str]]:
    """Mode and digest of everything in a folder that can be read."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        found[str(path)] = (status.st_mode, hashlib.sha256(content).hexdigest())
    return found

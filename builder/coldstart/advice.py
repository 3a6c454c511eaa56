"""One line each that says which choice of the manifest would make the artifact better, where it would matter.

Everything here is counted, nothing is executed: what a cold start takes in seconds only a run can tell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from builder.coldstart.pruning import PruneSaving, savings
from builder.manifest.text.toml_snippet import snippet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from builder.archive.cached_results import ResultCache
    from builder.build_values import Pack
    from builder.manifest.model import Manifest

WORTH_TELLING: Final = 0.05
"""Share of the ZIP from which on a saving is told (the kit's choice)."""
MANY_FILES: Final = 100
"""From so many scripts in packages on, loading them is what a cold start waits for (the kit's choice)."""
_MB: Final = 1 << 20
_RECOMPRESSED: Final = 0.04
"""What ``recompress`` saves of usual packages (docs/benchmarks.md)."""
_SCRIPTS: Final = {"python": (".py",), "nodejs": (".js", ".cjs", ".mjs")}


def advise(manifest: Manifest, packs: Sequence[Pack], zip_size: int, cache: ResultCache) -> tuple[str, ...]:
    """What choices would save that the manifest does not make; no line where it would not matter.

    Args:
        manifest: Of the plugin.
        packs: As they went into the artifact.
        zip_size: Bytes of the ZIP as it is now.
        cache: Results that were computed for these packages before.
    """
    if manifest.build.bundle:
        return ()

    def count() -> dict[str, int]:
        return {saving.name: saving.packed_size for saving in savings(packs, manifest.runtime.language)}

    found = [PruneSaving(name=name, packed_size=size) for name, size in cache.get_or_compute("savings", count).items()]
    return (*prune_advice(found, zip_size), *start_advice(manifest, packs))


def prune_advice(found: Iterable[PruneSaving], zip_size: int) -> tuple[str, ...]:
    """What pruning would save: one line, or none when no set would save a twentieth of the ZIP and 0.1 MB.

    Args:
        found: Of the sets that the manifest does not name yet.
        zip_size: Bytes of the ZIP as it is now.
    """
    large = [saving for saving in found if saving.packed_size > max(zip_size * WORTH_TELLING, _MB // 10)]
    shown = ", ".join(
        f"{saving.name} {saving.packed_size / _MB:.1f} MB ({saving.packed_size / zip_size:.0%})" for saving in large
    )
    names = ", ".join(f'"{saving.name}"' for saving in large)
    return (f"prune = [{names}] under [build] would save: {shown}",) if large else ()


def size_advice(manifest: Manifest, packs: Sequence[Pack]) -> tuple[str, str]:
    """What makes a ZIP smaller that is too large: a sentence with what each choice would save, and the settings.

    Args:
        manifest: Its ``prune`` and ``recompress`` are not suggested again.
        packs: As they go into the artifact.
    """
    build = manifest.build
    every = savings(packs, manifest.runtime.language)
    found = [one for one in every if one.packed_size and one.name not in build.prune]
    parts = [f"{one.name} {one.packed_size / _MB:.1f} MB" for one in found]
    lines = snippet("build", "prune", [*build.prune, *(one.name for one in found)]).splitlines() if found else []
    hint = f"Pruning packages would save in the ZIP: {', '.join(parts)}." if found else ""
    if not build.recompress:
        lines = [*(lines or ["[build]"]), "recompress = true"]
        hint = f"{hint} Compressing packages again saves some {_RECOMPRESSED:.0%} of them.".strip()
    return hint, "\n".join(lines)


def start_advice(manifest: Manifest, packs: Sequence[Pack]) -> tuple[str, ...]:
    """What a cold start pays for: one line, or none when the manifest chose already or there are few scripts."""
    language = manifest.runtime.language
    scripts = [member for pack in packs for member in pack.members if member.path.endswith(_SCRIPTS[language])]
    if manifest.build.precompile or len(scripts) < MANY_FILES:
        return ()
    size = sum(script.size for script in scripts) / _MB
    shown = f"up to {len(scripts)} files, {size:.1f} MB"
    if language == "python":
        return (f"Each cold start compiles imports ({shown}): try precompile = true under [build]",)
    return (f"Each cold start opens imports ({shown}): try bundle = true under [build]",)

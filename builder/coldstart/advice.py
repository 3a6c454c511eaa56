"""Advice on settings that would make the artifact smaller or its cold start faster, one line each.

All figures are counted, and no code is run: only a run on Lambda shows the seconds of a cold start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from builder.coldstart.pruning import PruneSaving, prune_savings
from builder.manifest.text.toml_snippet import snippet

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from builder.archive.cached_results import ResultCache
    from builder.build_values import Pack
    from builder.manifest.model import Manifest

MIN_SAVING_SHARE: Final = 0.05
"""The smallest saving to mention, as a share of the ZIP (the kit's choice)."""
MANY_SCRIPTS: Final = 100
"""So many scripts in packages make loading them the slow part of a cold start (the kit's
choice)."""
_MB: Final = 1 << 20
_RECOMPRESSED: Final = 0.04
"""Share of usual packages that ``recompress`` saves (docs/benchmarks.md)."""
_SCRIPTS: Final = {"python": (".py",), "nodejs": (".js", ".cjs", ".mjs")}


def advice_lines(manifest: Manifest, packs: Sequence[Pack], zip_size: int, cache: ResultCache) -> tuple[str, ...]:
    """What settings would save that the manifest does not use; no line for a small saving.

    Args:
        manifest: Of the plugin.
        packs: As they went into the artifact.
        zip_size: Bytes of the ZIP.
        cache: Results that were computed for these packages before.
    """
    if manifest.build.bundle:
        return ()

    def count() -> dict[str, int]:
        return {saving.name: saving.packed_size for saving in prune_savings(packs, manifest.runtime.language)}

    computed = [
        PruneSaving(name=name, packed_size=size) for name, size in cache.get_or_compute("savings", count).items()
    ]
    return (*prune_advice(computed, zip_size), *cold_start_advice(manifest, packs))


def prune_advice(candidates: Iterable[PruneSaving], zip_size: int) -> tuple[str, ...]:
    """What pruning would save: one line, or none when no set saves a twentieth of the ZIP and 0.1 MB.

    Args:
        candidates: Of the sets that the manifest does not list yet.
        zip_size: Bytes of the ZIP.
    """
    large = [saving for saving in candidates if saving.packed_size > max(zip_size * MIN_SAVING_SHARE, _MB // 10)]
    sizes = ", ".join(
        f"{saving.name} {saving.packed_size / _MB:.1f} MB ({saving.packed_size / zip_size:.0%})" for saving in large
    )
    names = ", ".join(f'"{saving.name}"' for saving in large)
    return (f"prune = [{names}] under [build] would save: {sizes}",) if large else ()


def size_advice(manifest: Manifest, packs: Sequence[Pack]) -> tuple[str, str]:
    """How to make a ZIP smaller that is too large: a sentence with what each setting would save, and the settings.

    Args:
        manifest: What its ``prune`` and ``recompress`` already do is not suggested again.
        packs: As they go into the artifact.
    """
    build = manifest.build
    possible = prune_savings(packs, manifest.runtime.language)
    candidates = [saving for saving in possible if saving.packed_size and saving.name not in build.prune]
    sizes = [f"{saving.name} {saving.packed_size / _MB:.1f} MB" for saving in candidates]
    lines = (
        snippet("build", "prune", [*build.prune, *(saving.name for saving in candidates)]).splitlines()
        if candidates
        else []
    )
    hint = f"Pruning packages would save in the ZIP: {', '.join(sizes)}." if candidates else ""
    if not build.recompress:
        lines = [*(lines or ["[build]"]), "recompress = true"]
        hint = f"{hint} Compressing packages again saves about {_RECOMPRESSED:.0%} of their size.".strip()
    return hint, "\n".join(lines)


def cold_start_advice(manifest: Manifest, packs: Sequence[Pack]) -> tuple[str, ...]:
    """What slows a cold start: one line, or none when the manifest uses the setting or there are few scripts."""
    language = manifest.runtime.language
    scripts = [member for pack in packs for member in pack.members if member.path.endswith(_SCRIPTS[language])]
    if manifest.build.precompile or len(scripts) < MANY_SCRIPTS:
        return ()
    size = sum(script.size for script in scripts) / _MB
    amount = f"up to {len(scripts)} files, {size:.1f} MB"
    if language == "python":
        return (f"Each cold start compiles imports ({amount}): try precompile = true under [build]",)
    return (f"Each cold start opens imports ({amount}): try bundle = true under [build]",)

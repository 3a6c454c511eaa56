"""Which setting is recommended, in one line, and when there is no advice."""

from __future__ import annotations

from builder.archive.cached_results import ResultCache
from builder.coldstart.advice import MANY_SCRIPTS, advice_lines, prune_advice, size_advice
from builder.coldstart.pruning import PruneSaving
from builder.manifest.model import Build
from tests.support.plugins.small_bundles import manifest_of, pack_of

BIG = 1 << 30
PYTHON = pack_of("a", {f"a/m{number}.py": b"x" * 1000 for number in range(MANY_SCRIPTS)})
NODE = pack_of("a", {f"lib/m{number}.js": b"x" for number in range(MANY_SCRIPTS)}, places=("node_modules/a",))


def test_only_large_savings_are_mentioned() -> None:
    candidates = (PruneSaving(name="tests", packed_size=3 << 20), PruneSaving(name="docs", packed_size=1 << 20))

    assert prune_advice(candidates, 20 << 20) == ('prune = ["tests"] under [build] would save: tests 3.0 MB (15%)',)
    assert prune_advice([PruneSaving(name="tests", packed_size=50 << 10)], 200 << 10) == ()
    assert prune_advice(candidates, 100 << 20) == ()


def test_many_scripts_lead_to_advice_for_their_language() -> None:
    assert advice_lines(manifest_of(), (PYTHON,), BIG, ResultCache()) == (
        f"Each cold start compiles imports (up to {MANY_SCRIPTS} files, 0.1 MB): try precompile = true under [build]",
    )
    (line,) = advice_lines(manifest_of(runtime="nodejs22.x"), (NODE,), BIG, ResultCache())
    assert line.endswith("try bundle = true under [build]")


def test_a_setting_in_use_is_not_recommended_again() -> None:
    assert advice_lines(manifest_of(Build(precompile=True)), (PYTHON,), BIG, ResultCache()) == ()
    assert advice_lines(manifest_of(Build(bundle=True), runtime="nodejs22.x"), (NODE,), 1, ResultCache()) == ()


def test_few_scripts_lead_to_no_advice() -> None:
    assert advice_lines(manifest_of(), (pack_of("a", {"a.py": b""}),), BIG, ResultCache()) == ()


def test_the_advice_for_a_too_large_artifact_has_the_saving_of_each_setting() -> None:
    tested = pack_of("a", {"a/tests/test_a.py": bytes(range(256)) * 9000, "a/b.py": b"x"})
    hint, setting = size_advice(manifest_of(), (tested,))

    assert hint.startswith("Pruning packages would save in the ZIP: tests ")
    assert hint.endswith("Compressing packages again saves about 4% of their size.")
    assert setting == '[build]\nprune = ["tests"]\nrecompress = true'
    assert size_advice(manifest_of(Build(prune=("tests",), recompress=True)), (tested,)) == ("", "")

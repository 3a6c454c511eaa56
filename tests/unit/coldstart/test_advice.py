"""Which choice is recommended, in one line, and when nothing is said."""

from __future__ import annotations

from builder.archive.cached_results import ResultCache
from builder.coldstart.advice import MANY_FILES, advise, prune_advice, size_advice
from builder.coldstart.pruning import PruneSaving
from builder.manifest.model import Build
from tests.support.bundles import manifest_of, pack_of

BIG = 1 << 30
PYTHON = pack_of("a", {f"a/m{number}.py": b"x" * 1000 for number in range(MANY_FILES)})
NODE = pack_of("a", {f"lib/m{number}.js": b"x" for number in range(MANY_FILES)}, places=("node_modules/a",))


def test_only_savings_that_matter_are_told_in_one_line() -> None:
    found = (PruneSaving(name="tests", packed_size=3 << 20), PruneSaving(name="docs", packed_size=1 << 20))

    assert prune_advice(found, 20 << 20) == ('prune = ["tests"] under [build] would save: tests 3.0 MB (15%)',)
    assert prune_advice([PruneSaving(name="tests", packed_size=50 << 10)], 200 << 10) == ()
    assert prune_advice(found, 100 << 20) == ()


def test_many_scripts_are_a_reason_for_the_choice_of_their_language() -> None:
    assert advise(manifest_of(), (PYTHON,), BIG, ResultCache()) == (
        f"Each cold start compiles imports (up to {MANY_FILES} files, 0.1 MB): try precompile = true under [build]",
    )
    (told,) = advise(manifest_of(runtime="nodejs22.x"), (NODE,), BIG, ResultCache())
    assert told.endswith("try bundle = true under [build]")


def test_a_choice_that_was_made_is_not_recommended_again() -> None:
    assert advise(manifest_of(Build(precompile=True)), (PYTHON,), BIG, ResultCache()) == ()
    assert advise(manifest_of(Build(bundle=True), runtime="nodejs22.x"), (NODE,), 1, ResultCache()) == ()


def test_few_scripts_are_no_reason() -> None:
    assert advise(manifest_of(), (pack_of("a", {"a.py": b""}),), BIG, ResultCache()) == ()


def test_an_artifact_that_is_too_large_is_told_what_each_choice_would_save() -> None:
    tested = pack_of("a", {"a/tests/test_a.py": bytes(range(256)) * 9000, "a/b.py": b"x"})
    hint, setting = size_advice(manifest_of(), (tested,))

    assert hint.startswith("Pruning packages would save in the ZIP: tests ")
    assert hint.endswith("Compressing packages again saves some 4% of them.")
    assert setting == '[build]\nprune = ["tests"]\nrecompress = true'
    assert size_advice(manifest_of(Build(prune=("tests",), recompress=True)), (tested,)) == ("", "")

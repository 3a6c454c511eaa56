"""Which files each set removes from packages, which it keeps, and what it saves."""

from __future__ import annotations

import pytest

from builder.coldstart.prune_sets import SETS
from builder.coldstart.pruning import prune_packs, prune_savings
from builder.manifest.schema.json_schema import schema
from tests.support.plugins.small_bundles import pack_of

REMOVED = [
    ("tests", "python", "pandas/tests/frame/test_api.py"),
    ("tests", "python", "numpy/tests/conftest.py"),
    ("tests", "python", "numpy/typing/tests/data/reveal/modules.pyi"),
    ("tests", "nodejs", "test/index.js"),
    ("tests", "nodejs", "lib/__tests__/a.js"),
    ("tests", "nodejs", "dist/a.spec.mjs"),
    ("type-stubs", "python", "numpy/__init__.pyi"),
    ("type-stubs", "nodejs", "dist/types/index.d.cts"),
    ("headers", "python", "numpy/_core/include/numpy/ndarraytypes.h"),
    ("headers", "python", "numpy/__init__.pxd"),
    ("headers", "nodejs", "binding.gyp"),
    ("docs", "python", "numpy/ma/README.rst"),
    ("docs", "nodejs", "History.md"),
    ("docs", "nodejs", "docs/guide.md"),
    ("source-maps", "python", "bokeh/server/static/js/bokeh.js.map"),
    ("source-maps", "nodejs", "build/luxon.mjs.map"),
]

KEPT = [
    ("python", "astropy/tests/runner.py", "imported by astropy/__init__.py"),
    ("python", "numpy/testing/__init__.py", "imported by users of numpy"),
    ("python", "numpy/_core/tests/__init__.py", "a package that helpers are imported from"),
    ("python", "numpy/py.typed", "no stub"),
    ("python", "latest/test_tools.py", "not in a folder of tests"),
    ("python", "a-1.0.dist-info/README.md", "metadata"),
    ("python", "a-1.0.dist-info/licenses/tests/test_data/LICENSE", "a licence"),
    ("python", "prompts/system.md", "read at run time by some packages"),
    ("python", "pygit2/decl/blob.h", "read at run time; not in a folder include"),
    ("nodejs", "package.json", "Node.js reads it"),
    ("nodejs", "test/package.json", "Node.js reads it"),
    ("nodejs", "LICENSE.md", "a licence"),
    ("nodejs", "docs/index.js", "code"),
    ("nodejs", "lib/test/index.js", "code: not the package's own folder of tests"),
    ("nodejs", "lib/map.js", "code"),
    ("nodejs", "build/Release/a.node", "native code"),
]


@pytest.mark.parametrize(("name", "language", "path"), REMOVED)
def test_a_set_removes_files_that_no_function_reads(name: str, language: str, path: str) -> None:
    assert SETS[name].matches(path, "python" if language == "python" else "nodejs")


@pytest.mark.parametrize(("language", "path", "reason"), KEPT)
def test_no_set_removes_files_that_may_be_read(language: str, path: str, reason: str) -> None:
    sets = [name for name, each in SETS.items() if each.matches(path, "python" if language == "python" else "nodejs")]

    assert sets == [], reason


def test_the_manifest_accepts_exactly_the_names_of_the_sets() -> None:
    assert schema()["properties"]["build"]["properties"]["prune"]["items"]["enum"] == list(SETS)


def test_only_the_named_sets_are_removed() -> None:
    pack = pack_of("a", {"a/__init__.py": b"", "a/tests/test_a.py": b"x", "a/b.pyi": b"y"})

    (pruned,) = prune_packs((pack,), ("tests",), "python")

    assert [member.path for member in pruned.members] == ["a/__init__.py", "a/b.pyi"]
    assert pruned.file == pack.file
    assert prune_packs((pack,), (), "python") == (pack,)


def test_stubs_that_lazy_loader_reads_stay() -> None:
    packs = (pack_of("skimage", {"skimage/__init__.pyi": b"", "skimage/a.pyi": b""}), pack_of("lazy-loader", {}))

    (pruned, _) = prune_packs(packs, ("type-stubs",), "python")

    assert [member.path for member in pruned.members] == ["skimage/__init__.pyi"]


def test_savings_count_each_copy_of_an_npm_package_and_are_sorted_by_size() -> None:
    files = {"index.js": b"1" * 9, "index.js.map": b"2" * 50, "README.md": b"3" * 70}
    pack = pack_of("a", files, places=("node_modules/a", "node_modules/b/node_modules/a"))

    saved = prune_savings((pack,), "nodejs")

    assert [(saving.name, saving.packed_size) for saving in saved[:2]] == [("docs", 140), ("source-maps", 100)]
    assert prune_savings(prune_packs((pack,), ("docs",), "nodejs"), "nodejs")[0].name == "source-maps"

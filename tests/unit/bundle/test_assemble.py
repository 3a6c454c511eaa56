"""Merging own files and packages into one tree: properties of every tree, and each way it can fail."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.archive.package_sizes import package_rows
from builder.archive.writer import zip_size
from builder.build_values import Bundle, Entry, InlineBytes, Pack
from builder.bundle.assemble import assemble
from builder.bundle.console_scripts import entry_points, launcher
from builder.bundle.shadowing import path_file_warnings
from builder.bundle.size_limits import check_sizes
from builder.errors import PackagingError, Problem, Severity
from builder.manifest.model import Build
from builder.platform.limits import UNZIPPED_MAX, ZIP_MAX
from tests.support.plugins.small_bundles import manifest_of, pack_of, source_of

if TYPE_CHECKING:
    from builder.bundle.source_files import SourceFile

PYTHON, NODE = manifest_of(), manifest_of(runtime="nodejs22.x")


def paths(bundle: Bundle) -> list[str]:
    return [entry.path for entry in bundle.entries]


def problems(error: pytest.ExceptionInfo[PackagingError]) -> str:
    return "\n".join(f"{problem.message} | {problem.hint}" for problem in error.value.problems)


part = st.from_regex(r"[a-cé_.-]{1,3}", fullmatch=True)
relative = st.lists(part, min_size=1, max_size=3).map("/".join)
trees = st.dictionaries(relative, st.sampled_from([b"", b"1", b"2"]), max_size=5)
packs = st.lists(
    st.builds(pack_of, st.sampled_from(["a", "b", "c-d"]), trees, version=st.sampled_from(["1.0", "2.0"])),
    max_size=3,
    unique_by=lambda pack: (pack.package.name, pack.package.version),
)


def outcome(sources: list[SourceFile], packed: list[Pack]) -> Bundle | set[str]:
    try:
        return assemble(PYTHON, sources, packed)
    except PackagingError as error:
        return {problem.message for problem in error.problems}


@given(tree=trees, packed=packs, data=st.data())
def test_the_order_of_files_and_packages_does_not_matter(
    tree: dict[str, bytes], packed: list[Pack], data: st.DataObject
) -> None:
    sources = [source_of(path, content) for path, content in tree.items()]
    shuffled = data.draw(st.permutations(sources)), data.draw(st.permutations(packed))
    assert outcome(sources, packed) == outcome(*shuffled)


@given(tree=trees, packed=packs)
def test_every_path_is_unique_and_inside_the_root(tree: dict[str, bytes], packed: list[Pack]) -> None:
    """Every bundle is sorted, without duplicates, inside the root, and no file is also a folder."""
    bundle = outcome([source_of(path, content) for path, content in tree.items()], packed)
    if isinstance(bundle, set):
        return
    found = paths(bundle)
    assert found == sorted(set(found), key=str.encode)
    for path in found:
        assert posixpath.normpath(f"/root/{path}") == f"/root/{path}"
        assert not any(other.startswith(f"{path}/") for other in found)


@pytest.mark.parametrize("path", ["../a.py", "/a.py", "a/../../b.py", "a\\b.py", "C:/a.py", "a\0.py", "a//b.py", ""])
def test_an_unsafe_path_in_sources_or_packages_is_an_error(path: str) -> None:
    with pytest.raises(PackagingError):
        assemble(PYTHON, [source_of(path)], [])
    with pytest.raises(PackagingError):
        assemble(PYTHON, [], [pack_of("a", {path: b""})])


def test_an_unsafe_folder_of_an_npm_package_is_an_error() -> None:
    with pytest.raises(PackagingError, match="conflict") as caught:
        assemble(NODE, [], [pack_of("a", {"x.js": b""}, places=("../node_modules/a",))])
    assert "leaves the archive" in problems(caught)


def test_equal_files_of_two_packages_become_one() -> None:
    bundle = assemble(PYTHON, [], [pack_of("b", {"ns/x.txt": b"1"}), pack_of("a", {"ns/x.txt": b"1"})])
    assert [(entry.path, entry.owner) for entry in bundle.entries] == [("ns/x.txt", "a 1.0")]


def test_a_conflict_between_two_packages_names_both_and_suggests_a_setting() -> None:
    packed = [pack_of("a", {"x.txt": b"1"}), pack_of("b", {"x.txt": b"2"})]
    with pytest.raises(PackagingError) as caught:
        assemble(PYTHON, [], packed)
    assert "a 1.0 and b 1.0" in problems(caught)
    assert [problem.setting for problem in caught.value.problems] == ['[build.prefer]\n"x.txt" = "b"']


@pytest.mark.parametrize("preferred", ["a", "b", "c"])
def test_prefer_chooses_among_any_number_of_packages(preferred: str) -> None:
    packed = [pack_of(name, {"x.txt": name.encode()}) for name in "abc"]
    bundle = assemble(manifest_of(Build(prefer={"x.txt": preferred})), [], packed)
    assert [entry.owner for entry in bundle.entries] == [f"{preferred} 1.0"]


@pytest.mark.parametrize("spelled", ["backports.tarfile", "Backports_Tarfile", "backports-tarfile"])
def test_prefer_accepts_every_spelling_of_a_package_name(spelled: str) -> None:
    path = "backports/__init__.py"
    packed = [pack_of("backports-tarfile", {path: b"1"}), pack_of("backports-other", {path: b"2"})]
    bundle = assemble(manifest_of(Build(prefer={path: spelled})), [], packed)
    assert [entry.owner for entry in bundle.entries] == ["backports-tarfile 1.0"]


def test_a_conflict_with_an_own_file_is_an_error() -> None:
    with pytest.raises(PackagingError) as caught:
        assemble(PYTHON, [source_of("data/x.txt", b"1")], [pack_of("a", {"data/x.txt": b"2"})])
    assert "the plugin itself and a 1.0" in problems(caught)
    assert "rename your file" in problems(caught)


def test_prefer_can_name_the_plugin_itself() -> None:
    manifest = manifest_of(Build(prefer={"x.txt": "my-plugin"}))
    bundle = assemble(manifest, [source_of("x.txt", b"1")], [pack_of("a", {"x.txt": b"2"})])
    assert [entry.owner for entry in bundle.entries] == [""]


@pytest.mark.parametrize(
    ("own", "package", "hidden"),
    [
        ("index.py", "index/__init__.py", True),
        ("plugin/__init__.py", "plugin/__init__.py", True),
        ("plugin/__init__.py", "plugin.py", True),
        ("plugin/a.py", "plugin.cpython-313-x86_64-linux-gnu.so", True),
        ("plugin.py", "plugin/a.py", True),
        ("ns/a.py", "ns/b.py", False),
        ("ns/a.py", "ns/__init__.py", False),
        ("data/a.txt", "data/__init__.py", False),
    ],
)
def test_modules_of_one_name_conflict_when_only_one_can_be_imported(own: str, package: str, *, hidden: bool) -> None:
    """Equal contents are no solution: two empty ``__init__.py`` files would merge two packages."""
    if not hidden:
        assert len(assemble(PYTHON, [source_of(own)], [pack_of("a", {package: b""})]).entries) == 2
        return
    with pytest.raises(PackagingError) as caught:
        assemble(PYTHON, [source_of(own)], [pack_of("a", {package: b""})])
    assert "a 1.0" in problems(caught)


@pytest.mark.parametrize("path", ["json.py", "typing/__init__.py", "awslambdaric/__init__.py", "bootstrap.py"])
def test_an_own_module_that_hides_one_of_python_or_lambda_is_an_error(path: str) -> None:
    with pytest.raises(PackagingError) as caught:
        assemble(PYTHON, [source_of("index.py"), source_of(path)], [])
    assert "hides one of Python or Lambda" in problems(caught)


@pytest.mark.parametrize(
    ("package", "path", "module"),
    [
        ("asyncio", "asyncio/__init__.py", "asyncio"),
        ("dataclasses", "dataclasses.py", "dataclasses"),
        ("enum34", "enum/__init__.py", "enum"),
        ("typing", "typing.py", "typing"),
        ("pathlib", "pathlib.py", "pathlib"),
        ("argparse", "argparse.py", "argparse"),
        ("json-fast", "json.cpython-313-x86_64-linux-gnu.so", "json"),
        ("dependency", "dependency-1.0.data/purelib/uuid.py", "uuid"),
        ("awslambdaric", "awslambdaric/__init__.py", "awslambdaric"),
        ("awslambdaric", "runtime_client.cpython-313-x86_64-linux-gnu.so", "runtime_client"),
        ("boots", "bootstrap.py", "bootstrap"),
        ("other-json", "simplejson/__init__.py", "simplejson"),
    ],
)
def test_a_package_that_hides_a_module_of_python_or_lambda_is_an_error(package: str, path: str, module: str) -> None:
    pack = pack_of(package, {path: b"", f"{package}-1.0.dist-info/METADATA": b""})
    with pytest.raises(PackagingError) as caught:
        assemble(PYTHON, [source_of("index.py")], [pack, pack_of("fine", {"fine.py": b""})])
    (problem,) = caught.value.problems
    assert problem.message.startswith(f"The module {module!r} of {package} 1.0 hides the one of ")
    assert problem.setting == f'[build.prefer]\n{module} = "python"'


def test_preferring_pythons_module_removes_the_module_of_the_package() -> None:
    files = {"enum/__init__.py": b"1", "enum/LICENSE": b"2", "enum.py": b"3", "enums.py": b"4", "enum.txt": b"5"}
    bundle = assemble(manifest_of(Build(prefer={"enum": "python"})), [], [pack_of("enum34", files)])
    assert paths(bundle) == ["enum.txt", "enums.py"]


def test_prefer_can_choose_a_packages_module_over_pythons() -> None:
    manifest = manifest_of(Build(prefer={"enum": "Enum34"}))
    assert paths(assemble(manifest, [], [pack_of("enum34", {"enum.py": b""})])) == ["enum.py"]
    with pytest.raises(PackagingError):
        assemble(manifest, [], [pack_of("other", {"enum.py": b""})])


@pytest.mark.parametrize(
    ("package", "path", "runtime"),
    [
        ("boto3", "boto3/__init__.py", "python3.13"),
        ("botocore", "botocore/__init__.py", "python3.13"),
        ("urllib3", "urllib3/__init__.py", "python3.13"),
        ("python-dateutil", "dateutil/__init__.py", "python3.13"),
        ("typing-extensions", "typing_extensions.py", "python3.13"),
        ("simplejson", "simplejson/__init__.py", "python3.13"),
        ("snapshot-restore-py", "snapshot_restore_py/__init__.py", "python3.13"),
        ("backports-tarfile", "backports/tarfile/__init__.py", "python3.13"),
        ("setuptools", "setuptools/_distutils/__init__.py", "python3.11"),
        ("legacy-cgi", "cgi.py", "python3.13"),
        ("audioop-lts", "audioop/__init__.py", "python3.13"),
        ("badly-packed", "test/__init__.py", "python3.13"),
        ("data", "json/data.txt", "python3.13"),
        ("namespace", "json/more.py", "python3.13"),
        ("stubs", "dataclasses-stubs/__init__.pyi", "python3.13"),
    ],
)
def test_packages_that_hide_nothing_important_are_accepted(package: str, path: str, runtime: str) -> None:
    manifest = manifest_of(runtime=runtime)
    assert paths(assemble(manifest, [source_of("index.py")], [pack_of(package, {path: b""})])) == sorted(
        ["index.py", path]
    )


def test_the_runtimes_python_decides_what_the_standard_library_contains() -> None:
    for runtime, is_there in (("python3.12", True), ("python3.13", False)):
        owns, brings = [source_of("cgi.py")], [pack_of("legacy-cgi", {"cgi.py": b""})]
        for sources, packs in ((owns, []), ([], brings)):
            if is_there:
                with pytest.raises(PackagingError):
                    assemble(manifest_of(runtime=runtime), sources, packs)
            else:
                assert paths(assemble(manifest_of(runtime=runtime), sources, packs)) == ["cgi.py"]


def test_npm_packages_do_not_hide_modules_of_node() -> None:
    pack = pack_of("fs", {"index.js": b""}, places=("node_modules/fs",))
    assert paths(assemble(NODE, [source_of("index.js")], [pack])) == ["index.js", "node_modules/fs/index.js"]


def test_prefer_is_not_suggested_when_only_renaming_helps() -> None:
    """Whichever ``six.py`` is used, the other one is missing."""
    for own in ("six.py", "six/__init__.py"):
        with pytest.raises(PackagingError) as caught:
            assemble(PYTHON, [source_of(own, b"1")], [pack_of("six", {own: b"2"})])
        (problem,) = caught.value.problems
        assert problem.hint == "Rename 'six' in the plugin."


@pytest.mark.parametrize(
    "path", ["plugin/json.py", "json/schema.json", "queue/readme.txt", "test/__init__.py", "json.js"]
)
def test_files_that_hide_nothing_are_accepted(path: str) -> None:
    assert paths(assemble(PYTHON, [source_of(path)], [])) == [path]


def test_a_javascript_file_can_have_the_name_of_a_python_module() -> None:
    assert paths(assemble(NODE, [source_of("json.js"), source_of("email/index.js")], [])) == [
        "email/index.js",
        "json.js",
    ]


def test_a_file_and_a_folder_with_one_name_are_reported_with_both_owners() -> None:
    with pytest.raises(PackagingError) as caught:
        assemble(PYTHON, [], [pack_of("a", {"x": b""}), pack_of("b", {"x/y/z": b""})])
    assert "file of a 1.0 and a folder of b 1.0" in problems(caught)


def test_all_problems_are_reported_at_once() -> None:
    packed = [pack_of("a", {"x": b"1", "y": b"1"}), pack_of("b", {"x": b"2", "y": b"2"})]
    with pytest.raises(PackagingError) as caught:
        assemble(PYTHON, [source_of("json.py")], packed)
    assert len(caught.value.problems) == 3


WHEEL = {
    "pkg/__init__.py": b"",
    "pkg/data.bin": b"1",
    "pkg/old.pyc": b"",
    "pkg-1.0.dist-info/METADATA": b"Name: pkg",
    "pkg-1.0.dist-info/RECORD": b"",
    "pkg-1.0.dist-info/INSTALLER": b"pip",
    "pkg-1.0.dist-info/REQUESTED": b"",
    "pkg-1.0.dist-info/direct_url.json": b"{}",
    "pkg-1.0.dist-info/licenses/LICENSE": b"MIT",
    "pkg-1.0.dist-info/sboms/a.json": b"{}",
    "pkg-1.0.data/purelib/pure.py": b"",
    "pkg-1.0.data/platlib/fast/core.so": b"",
    "pkg-1.0.data/data/share/pkg/x.dat": b"",
    "pkg-1.0.data/headers/pkg.h": b"",
    "pkg-1.0.data/scripts/tool": b"#!python\n",
    "other-1.0.data/purelib/kept.txt": b"",
}


def test_a_wheels_files_go_where_an_installer_puts_them() -> None:
    assert paths(assemble(PYTHON, [], [pack_of("pkg", WHEEL)])) == [
        "fast/core.so",
        "other-1.0.data/purelib/kept.txt",
        "pkg-1.0.dist-info/METADATA",
        "pkg-1.0.dist-info/licenses/LICENSE",
        "pkg-1.0.dist-info/sboms/a.json",
        "pkg/__init__.py",
        "pkg/data.bin",
        "pure.py",
        "share/pkg/x.dat",
    ]


def test_an_npm_package_goes_to_each_of_its_folders() -> None:
    pack = pack_of(
        "@s/a", {"index.js": b"1", "RECORD": b""}, places=("node_modules/@s/a", "node_modules/b/node_modules/@s/a")
    )
    assert paths(assemble(NODE, [], [pack])) == [
        "node_modules/@s/a/RECORD",
        "node_modules/@s/a/index.js",
        "node_modules/b/node_modules/@s/a/RECORD",
        "node_modules/b/node_modules/@s/a/index.js",
    ]


def test_the_tree_digest_depends_on_the_content_and_not_on_the_packages() -> None:
    one = assemble(PYTHON, [source_of("a/x.txt", b"1")], [])
    two = assemble(PYTHON, [], [pack_of("p", {"a/x.txt": b"1"})])
    assert one.tree_digest == two.tree_digest != assemble(PYTHON, [source_of("a/x.txt", b"2")], []).tree_digest


def test_entry_points_keep_their_case_and_invalid_ones_are_ignored() -> None:
    lines = "[console_scripts]", "Tool = pkg.cli:main", "bad = nothing", "up/down = a:b", "extra = a.b:C.run [x]"
    text = "\n".join((*lines, "[other]", "a = b:c"))
    assert list(entry_points(text)) == [("Tool", "pkg.cli", "main"), ("extra", "a.b", "C.run")]
    assert list(entry_points("no section")) == []


def test_a_launcher_is_valid_python_and_calls_the_function() -> None:
    text = launcher("/var/lang/bin/python3.13", "pkg.cli", "Main.run")
    compile(text, "launcher", "exec")
    assert text.startswith(b"#!/var/lang/bin/python3.13\n")
    assert b"from pkg.cli import Main\n" in text
    assert b"sys.exit(Main.run())\n" in text


def size_warnings(bundle: Bundle) -> tuple[Problem, ...]:
    return check_sizes(zip_size(bundle.entries), bundle.size, package_rows(bundle))


def sized(name: str, packed: int, size: int) -> Entry:
    return Entry(
        path=f"{name}/x",
        mode=0o644,
        size=size,
        sha256="0" * 64,
        crc32=0,
        method=8,
        compressed_size=packed,
        source=InlineBytes(b""),
        owner=f"{name} 1.0",
    )


@pytest.mark.parametrize(
    ("packed", "size", "message"),
    [(ZIP_MAX, 1, "as a ZIP; Lambda allows 50 MB"), (1, UNZIPPED_MAX + 1, "unpacked; Lambda allows 250 MB")],
    ids=["zipped", "unpacked"],
)
def test_an_artifact_over_a_limit_is_an_error_with_its_ten_largest_packages(
    packed: int, size: int, message: str
) -> None:
    entries = (sized("huge", packed, size), *(sized(f"p{number}", number, number) for number in range(20)))
    with pytest.raises(PackagingError) as caught:
        size_warnings(Bundle(entries=entries, tree_digest=""))
    assert message in caught.value.message
    assert len(caught.value.problems) == 10
    assert caught.value.problems[0].message.startswith("huge 1.0: ")


def test_an_artifact_just_at_the_limit_is_written_with_a_warning() -> None:
    headers = 22 + 30 + 46 + 2 * len("huge/x")
    (warning,) = size_warnings(Bundle(entries=(sized("huge", ZIP_MAX - headers, 1),), tree_digest=""))
    assert warning.severity is Severity.WARNING


def test_a_small_artifact_has_no_warning() -> None:
    assert size_warnings(Bundle(entries=(sized("small", 1000, 2000),), tree_digest="")) == ()


def test_path_files_that_lambda_never_reads_are_reported_with_their_package() -> None:
    files = {
        "hook.pth": b"import hook\n",
        "distutils-precedence.pth": b"import os\n",
        "a/inner.pth": b"",
        "a/__init__.py": b"",
    }
    bundle = assemble(PYTHON, [source_of("index.py")], [pack_of("a", files)])
    (warning,) = path_file_warnings(bundle.entries)
    assert warning.severity is Severity.WARNING
    assert warning.message.startswith("hook.pth of a 1.0 has no effect on Lambda")

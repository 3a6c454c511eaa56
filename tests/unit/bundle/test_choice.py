"""Which first-party files go in: defaults, then git's ignores, then include, then exclude."""

from __future__ import annotations

import pytest

from builder.bundle.inclusion_rules import IgnoreFile, InclusionRules, invalid_patterns, is_ignored, patterns_of


def ignore(folder: str, *lines: str) -> IgnoreFile:
    patterns = patterns_of(lines)
    assert patterns is not None
    return IgnoreFile(folder=folder, patterns=patterns)


GIT = (ignore("", "*.log", "/generated/", "secret.*"), ignore("src/", "!keep.log", "local.py"))


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("index.py", True),
        ("plugin/perform/a.py", True),
        ("data/table.csv", True),
        ("README.md", True),
        ("tests/case.py", True),
        ("a.log", False),
        ("keep.log", True),
        ("deep/keep.log", True),
        ("local.py", False),
        ("index.pyc", False),
        (".env", False),
        ("sub/.hidden", False),
        ("Thumbs.db", False),
        ("notes.txt~", False),
    ],
)
def test_a_file_under_src_is_taken_unless_it_never_belongs_or_git_ignores_it(path: str, *, taken: bool) -> None:
    assert InclusionRules(prefix="src/").takes_file(path, GIT, inside_left_out=False) is taken


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("index.py", True),
        ("src/plugin.py", True),
        ("package.json", True),
        ("LICENSE", True),
        ("plugin.toml", False),
        ("tox.ini", False),
        ("pyproject.toml", False),
        ("requirements.lock", False),
        ("requirements-dev.txt", False),
        ("package-lock.json", False),
        ("Dockerfile", False),
        ("README.md", False),
        ("src/requirements.txt", True),
        ("data/README.md", True),
    ],
)
def test_beside_plugin_toml_the_repositorys_own_files_stay_out(path: str, *, taken: bool) -> None:
    assert InclusionRules(at_plugin=True).takes_file(path, (), inside_left_out=False) is taken


@pytest.mark.parametrize(
    ("path", "at_plugin", "left_out"),
    [
        ("plugin", False, False),
        (".git", False, True),
        (".venv", False, True),
        ("a/__pycache__", False, True),
        ("node_modules", False, True),
        ("my_plugin.egg-info", False, True),
        ("tests", False, False),
        ("dist", False, False),
        ("tests", True, True),
        ("test", True, True),
        ("dist", True, True),
        ("src/test", True, False),
        ("laboratory/test", True, False),
    ],
)
def test_folders_that_never_belong_are_not_walked(path: str, *, at_plugin: bool, left_out: bool) -> None:
    assert InclusionRules(at_plugin=at_plugin).leaves_out_folder(path, ()) is left_out


def test_an_ignored_folder_stays_out_and_is_not_entered() -> None:
    choice = InclusionRules(prefix="", include=("*.dat",))
    assert choice.leaves_out_folder("generated", GIT)
    assert not choice.enters("generated", left_out=True)


@pytest.mark.parametrize(
    ("include", "folder", "entered"),
    [
        ("generated/", "generated", True),
        ("generated/*.py", "generated", True),
        ("/generated/a/b.py", "generated/a", True),
        ("generated/", "generated/deeper", True),
        ("generated/**", "generated/deeper/still", True),
        ("*.py", "generated", False),
        ("**/x.py", "generated", False),
        ("other/", "generated", False),
        ("generated/a/b.py", "generated/c", False),
        ("!generated/", "generated", False),
    ],
)
def test_a_left_out_folder_is_entered_only_for_an_include_that_names_it(
    include: str, folder: str, *, entered: bool
) -> None:
    assert InclusionRules(include=(include,)).enters(folder, left_out=True) is entered


def test_include_outweighs_defaults_and_git() -> None:
    choice = InclusionRules(prefix="src/", include=("*.log", ".well-known/", "local.py"))
    for path in ("a.log", ".well-known/x", "local.py"):
        assert choice.takes_file(path, GIT, inside_left_out=False), path


def test_inside_a_left_out_folder_only_include_takes_files() -> None:
    choice = InclusionRules(include=("generated/*.py",))
    assert choice.takes_file("generated/a.py", (), inside_left_out=True)
    assert not choice.takes_file("generated/a.txt", (), inside_left_out=True)


def test_exclude_outweighs_include() -> None:
    choice = InclusionRules(include=("*.csv",), exclude=("big/", "secret.csv"))
    assert choice.takes_file("small.csv", (), inside_left_out=False)
    assert not choice.takes_file("secret.csv", (), inside_left_out=False)
    assert not choice.takes_file("big/a.csv", (), inside_left_out=False)
    assert not choice.enters("big", left_out=False)


def test_the_innermost_gitignore_decides_and_a_later_line_outweighs_an_earlier() -> None:
    assert not is_ignored("src/keep.log", GIT)
    assert is_ignored("keep.log", GIT)
    assert not is_ignored("a.log", (ignore("", "*.log", "!a.log"),))


def test_comments_and_empty_lines_are_no_patterns() -> None:
    assert patterns_of(["# a comment", "", "   "]) is None


def test_lines_that_are_no_pattern_are_told_and_otherwise_passed_over() -> None:
    assert invalid_patterns(["a", "!", "[z-a]", "b/"]) == ("!", "[z-a]")
    assert is_ignored("a", (ignore("", "!", "a"),))

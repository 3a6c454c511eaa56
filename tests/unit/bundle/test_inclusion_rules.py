"""Which of the own files go in: defaults, then .gitignore, then include, then exclude."""

from __future__ import annotations

import pytest

from builder.bundle.ignore_patterns import PatternMatches, invalid_patterns
from builder.bundle.inclusion_rules import IgnoreFile, InclusionRules, is_ignored


def ignore(folder: str, *lines: str) -> IgnoreFile:
    patterns = PatternMatches().parse(lines)
    assert patterns is not None
    return IgnoreFile(folder=folder, patterns=patterns)


GIT = (ignore("", "*.log", "/generated/", "secret.*"), ignore("src/", "!keep.log", "local.py"))


@pytest.mark.parametrize(
    ("path", "included"),
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
def test_a_file_below_src_is_included_unless_a_default_or_git_excludes_it(path: str, *, included: bool) -> None:
    assert InclusionRules(prefix="src/").includes_file(path, GIT, in_excluded_folder=False) is included


@pytest.mark.parametrize(
    ("path", "included"),
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
def test_the_repositorys_files_beside_plugin_toml_are_excluded(path: str, *, included: bool) -> None:
    assert InclusionRules(is_plugin_folder=True).includes_file(path, (), in_excluded_folder=False) is included


@pytest.mark.parametrize(
    ("path", "is_plugin_folder", "excluded"),
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
def test_folders_are_excluded_by_name(path: str, *, is_plugin_folder: bool, excluded: bool) -> None:
    assert InclusionRules(is_plugin_folder=is_plugin_folder).excludes_folder(path, ()) is excluded


def test_an_ignored_folder_is_excluded_and_not_entered() -> None:
    rules = InclusionRules(prefix="", include=("*.dat",))
    assert rules.excludes_folder("generated", GIT)
    assert not rules.enters_folder("generated", excluded=True)


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
def test_an_excluded_folder_is_entered_only_for_an_include_that_names_it(
    include: str, folder: str, *, entered: bool
) -> None:
    assert InclusionRules(include=(include,)).enters_folder(folder, excluded=True) is entered


def test_include_is_stronger_than_defaults_and_git() -> None:
    rules = InclusionRules(prefix="src/", include=("*.log", ".well-known/", "local.py"))
    for path in ("a.log", ".well-known/x", "local.py"):
        assert rules.includes_file(path, GIT, in_excluded_folder=False), path


def test_in_an_excluded_folder_only_include_adds_files() -> None:
    rules = InclusionRules(include=("generated/*.py",))
    assert rules.includes_file("generated/a.py", (), in_excluded_folder=True)
    assert not rules.includes_file("generated/a.txt", (), in_excluded_folder=True)


def test_exclude_is_stronger_than_include() -> None:
    rules = InclusionRules(include=("*.csv",), exclude=("big/", "secret.csv"))
    assert rules.includes_file("small.csv", (), in_excluded_folder=False)
    assert not rules.includes_file("secret.csv", (), in_excluded_folder=False)
    assert not rules.includes_file("big/a.csv", (), in_excluded_folder=False)
    assert not rules.enters_folder("big", excluded=False)


def test_the_innermost_gitignore_and_its_last_matching_line_decide() -> None:
    assert not is_ignored("src/keep.log", GIT)
    assert is_ignored("keep.log", GIT)
    assert not is_ignored("a.log", (ignore("", "*.log", "!a.log"),))


def test_comments_and_empty_lines_are_not_patterns() -> None:
    assert PatternMatches().parse(("# a comment", "", "   ")) is None


def test_invalid_patterns_are_listed_and_otherwise_ignored() -> None:
    assert invalid_patterns(["a", "!", "[z-a]", "b/"]) == ("!", "[z-a]")
    assert is_ignored("a", (ignore("", "!", "a"),))

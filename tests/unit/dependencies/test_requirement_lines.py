"""Parsing requirement lines, without files."""

from __future__ import annotations

import pytest

from builder.dependencies.lock.requirements import DeclaredRequirements, parse_requirements
from builder.dependencies.lock.requirements_file import RequirementLine, logical_lines
from builder.errors import DependencyError


def declared(*texts: str) -> DeclaredRequirements:
    lines = tuple(
        RequirementLine(text=text, file="requirements.in", line=number) for number, text in enumerate(texts, start=1)
    )
    return DeclaredRequirements(file="requirements.in", requirements=lines)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\nb\n", [(1, "a"), (2, "b")]),
        ("# only a comment\n\n  \n", []),
        ("a  # why\n", [(1, "a")]),
        ("a#b\n", [(1, "a#b")]),
        ("a==1 \\\n    --hash=x \\\n    --hash=y\nb", [(1, "a==1 --hash=x --hash=y"), (4, "b")]),
        ("a\r\nb\r\n", [(1, "a"), (2, "b")]),
        ("a \\", [(1, "a")]),
    ],
    ids=["lines", "nothing", "comment", "fragment", "continued", "windows", "dangling"],
)  # fmt: skip
def test_logical_lines(text: str, lines: list[tuple[int, str]]) -> None:
    assert list(logical_lines(text)) == lines


def test_requirements_are_normalised_sorted_and_unique() -> None:
    parsed = parse_requirements(declared("Zebra >= 1", "apple[two,one]", "apple[one,two]"))
    assert parsed.direct == ("Zebra>=1", "apple[one,two]")


def test_all_invalid_lines_are_reported_with_their_place() -> None:
    bad = ("ok", "a @ file:///srv/a.whl", "b @ git+https://host/b", "c => 1", "./folder", "d @ https://host/d.whl")
    with pytest.raises(DependencyError) as caught:
        parse_requirements(declared(*bad))
    assert [problem.where for problem in caught.value.problems] == [f"requirements.in:{line}" for line in range(2, 7)]
    assert all(problem.hint for problem in caught.value.problems)


def test_hash_options_are_stored_by_normalised_name() -> None:
    parsed = parse_requirements(declared("Some_Name==1 --hash=sha256:aa --hash sha256:bb"))
    assert (parsed.direct, dict(parsed.hashes)) == (
        ("Some_Name==1",),
        {"some-name": frozenset({"sha256:aa", "sha256:bb"})},
    )


def test_the_digest_changes_only_with_the_requirements() -> None:
    assert declared("a", "b").digest == declared("b", "a", "a").digest
    assert declared("a").digest != declared("a>1").digest
    limited = DeclaredRequirements(
        file="x", requirements=declared("a").requirements, constraints=declared("b<2").requirements
    )
    assert limited.digest != declared("a").digest
    assert limited.digest != declared("a", "b<2").digest

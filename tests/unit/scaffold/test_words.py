"""Errors of Copier and git, and invalid answers, become errors of the kit."""

from __future__ import annotations

import pytest

from builder.errors import ProjectError
from scaffold.copier_calls import RefusedAnswerError, convert_answers, copier_error, git_error
from scaffold.template_answers import check_names
from scaffold.template_source import TemplateOrigin
from scaffold.template_update import conflicts

ORIGIN = TemplateOrigin(source="git+https://example.com/kit", ref="v9")


@pytest.mark.parametrize(
    "text",
    [
        "Unknown revision: 'v9'",
        "fatal: invalid reference: v9",
        "fatal: ambiguous argument 'v9': unknown revision or path not in the working tree.",
    ],
)
def test_a_missing_version_is_reported(text: str) -> None:
    for error in (copier_error(ORIGIN, text), git_error(ORIGIN, text)):
        assert error.message == "git+https://example.com/kit has no version v9."
        assert "git ls-remote https://example.com/kit" in error.hint


@pytest.mark.parametrize(
    ("text", "question", "reason"),
    [
        ("Validation error for question 'plugin_name': too long", "plugin_name", "too long"),
        ("Invalid choice for 'ci': 'x' is not in\n ['github']", "ci", "'x' is not in ['github']"),
    ],
)
def test_an_invalid_answer_is_reported_with_its_question(text: str, question: str, reason: str) -> None:
    error = copier_error(ORIGIN, text)
    assert isinstance(error, RefusedAnswerError)
    assert error.question == question
    [problem] = error.problems
    assert (problem.key, problem.message) == (question, reason)


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        (
            "Cloning into bare repository\nfatal: unable to access 'x': Could not resolve host\n",
            "fatal: unable to access",
        ),
        ("remote: no\nerror: RPC failed\nmore", "error: RPC failed"),
        ("something else", "something else"),
        ("", "no reason given"),
    ],
)
def test_the_message_contains_the_reason_from_git(stderr: str, reason: str) -> None:
    error = git_error(ORIGIN, stderr)
    assert f"git says “{reason}" in error.message
    assert "credentials" in error.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Local template must be a directory.", "neither a folder nor a git repository"),
        ("You are downgrading from 2 to 1. Downgrades are not supported.", "cannot be downgraded"),
        ("", "an answer has the wrong type"),
        ("anything new that Copier may say", "anything new that Copier may say"),
    ],
)
def test_other_errors_of_copier_become_project_errors(text: str, message: str) -> None:
    error = copier_error(ORIGIN, text)
    assert isinstance(error, ProjectError)
    assert message in error.message
    assert error.hint


def test_unknown_questions_are_reported_with_the_nearest_name() -> None:
    with pytest.raises(ProjectError) as caught:
        check_names(["plugin_nam", "runtime", "colour"])
    assert [(problem.key, problem.hint.split("?")[0]) for problem in caught.value.problems][1] == (
        "plugin_nam",
        "Did you mean plugin_name",
    )
    assert [problem.key for problem in caught.value.problems] == ["colour", "plugin_nam"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("notification", ["notification"]),
        ("notification, nonspecific", ["notification", "nonspecific"]),
        ("[notification]", "[notification]"),
        (["notification"], ["notification"]),
        ("", []),
    ],
)
def test_hooks_can_be_written_without_brackets(answer: object, expected: object) -> None:
    assert convert_answers({"hooks": answer, "ci": "none"}) == {"hooks": expected, "ci": "none"}


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\nb\n", []),
        ("a\n<<<<<<< before updating\nb\n=======\nc\n>>>>>>> after updating\n", [2]),
        ("<<<<<<< before updating\r\n>>>>>>> after updating\r\n", [1]),
        ("a\n>>>>>>> after updating\n", [2]),
        ("see `<<<<<<< before updating` in the README\n=======\n", []),
    ],
)
def test_conflicts_are_found_by_their_marker_lines(text: str, lines: list[int]) -> None:
    assert conflicts(text.encode().splitlines()) == lines

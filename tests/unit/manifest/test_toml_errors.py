"""Texts that are not TOML: each problem has its line, says what is wrong, and how to correct it."""

from __future__ import annotations

import pytest

from builder.errors import ManifestError
from builder.manifest.text.toml_document import parse_toml
from tests.support.plugins.manifest_texts import HEAD, PLAIN, problems_of

WHOLE_NUMBER = "version must be a whole number from 1 to 32767."
QUOTES = "Put text in quotes, and write true and false in small letters."

VALUES = {
    "three numbers": ("version = 1.2.3", WHOLE_NUMBER, "For example version = 1."),
    "three numbers and a comment": ("version = 1.2.3 # first", WHOLE_NUMBER, "For example version = 1."),
    "fraction": ("version = 1.5", WHOLE_NUMBER, "For example version = 1."),
    "date": ("version = 2026-01-01", WHOLE_NUMBER, "For example version = 1."),
    "word": ("version = v1", WHOLE_NUMBER, "For example version = 1."),
    "number in quotes": ('version = "2"', WHOLE_NUMBER, "Remove the quotes: version = 2."),
    "no value": ("version =", "version has no value.", "For example version = 1."),
    "unit": ("timeout = 60s", "timeout must be a whole number from 1 to 900.", "For example timeout = 60."),
    "Python's true": (
        "analyticsDbAccess = True",
        "analyticsDbAccess must be true or false.",
        "Write analyticsDbAccess = true.",
    ),
    "no quotes": (
        "handler = index.run",
        "handler must be text in quotes.",
        'Put the value in quotes: handler = "index.run".',
    ),
    "stars": (
        "cronSchedule = * * * ? * *",
        "cronSchedule must be text in quotes.",
        'For example cronSchedule = "0 2 * * ? *".',
    ),
    "option": (
        "enabledState = ENABLED",
        'enabledState must be "ENABLED" or "DISABLED".',
        'For example enabledState = "ENABLED".',
    ),
    "list entry": (
        "cors.allowMethods = [GET]",
        'allowMethods[0] must be "GET", "PUT", "POST", "DELETE", "HEAD" or "PATCH".',
        QUOTES,
    ),
    "key of the author": (
        "environmentVariables.LEVEL = debug",
        "LEVEL must be text in quotes.",
        'Put the value in quotes: LEVEL = "debug".',
    ),
    "unknown key": ("colour = red", "The value of colour is not valid TOML.", QUOTES),
    "two values": (
        "subscriptions.interceptions = [{ type = PRE, order = 2 }]",
        "A value on this line is not valid TOML.",
        QUOTES,
    ),
    "typographic quotes": (
        "handler = \u201ca.b\u201d",
        "TOML needs straight quotes; these are typographic.",
        'Write " before and after the text.',
    ),
    "text after a value": (
        'handler = "a.b" run',
        "There is text after the value of handler.",
        "Write one key per line.",
    ),
}


@pytest.mark.parametrize(("line", "message", "hint"), VALUES.values(), ids=VALUES)
def test_a_value_that_is_not_toml_is_explained_by_what_its_key_needs(line: str, message: str, hint: str) -> None:
    text = "\n".join(row for row in PLAIN.splitlines() if row.partition(" ")[0] != line.partition(" ")[0])
    (problem,) = problems_of(f"{text}\n{line}\n")

    assert (problem.line, problem.message, problem.hint) == (text.count("\n") + 2, message, hint)


SYNTAX = {
    "no equals sign": ('handler "a.b"', "The line has no = after the key."),
    "colon": ('handler: "a.b"', "The line has no = after the key."),
    "comment of C": ("// later", "The line does not start with a key or a [table]."),
    "key twice": ("version = 2", "Duplicate key version: it is already set above."),
    "table twice": ("[plugin]", "Duplicate table [plugin]: it is already defined above."),
    "header without bracket": ("[build", "The table header has no closing bracket."),
    "list without comma": (
        "build.scripts = [1 2]",
        "The list has no closing bracket, or a comma is missing between two entries.",
    ),
    "comma at the end": ('cors = { allowOrigins = ["*"], }', "A key is missing here, or it needs quotes."),
    "table without brace": (
        "cors = { a = 1",
        "The inline table has no closing brace, or a comma is missing between two pairs.",
    ),
    "no closing quote": ('handler = "a.b', "The text has no closing quote."),
    "no closing single quote": ("handler = 'a.b", "The text has no closing quote."),
    "Windows path": ('handler = "C:\\Users"', "The text has a backslash that does not start a valid escape."),
    "unknown escape": ('handler = "a\\d"', "The text has a backslash that does not start a valid escape."),
}


@pytest.mark.parametrize(("line", "message"), SYNTAX.values(), ids=SYNTAX)
def test_a_line_that_is_not_toml_is_explained(line: str, message: str) -> None:
    (problem,) = problems_of(f"{PLAIN}{line}\n")

    assert (problem.line, problem.message) == (PLAIN.count("\n") + 1, message)
    assert problem.hint


def test_an_unknown_cause_is_shown_in_the_parsers_words() -> None:
    (problem,) = problems_of(f"{HEAD}a = {'9' * 5000}\n")

    assert problem.message.startswith("This is not valid TOML: Exceeds the limit")


def test_a_file_of_unknown_keys_is_explained_without_expectations() -> None:
    with pytest.raises(ManifestError) as caught:
        parse_toml("version = 1.2.3\n", file="other.toml")

    (problem,) = caught.value.problems
    assert (problem.where, problem.message) == ("other.toml:1 version", "The value of version is not valid TOML.")


def test_a_list_with_values_of_a_wrong_type_has_no_duplicates() -> None:
    problems = problems_of(f"{PLAIN}[build]\nscripts = [1.5, 1.5, 2026-01-01]\n")

    assert [problem.key for problem in problems] == ["build.scripts[0]", "build.scripts[1]", "build.scripts[2]"]

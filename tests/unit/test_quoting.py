"""Text from outside is quoted so that it can only be read."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from builder.quoting import printable, printable_html, printable_json, printable_lines

# The categories and properties are Unicode's own; this Python's tables may be older than the kit's, never wider.
_ACTING = {"Cc", "Cs", "Zl", "Zp"}
_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_INVISIBLE = "\xad\u034f\u115f\u1160\u17b4\u17b5\u180b\u180e\u200b\u200c\u200d\u2060\u3164\ufe0f\ufeff\uffa0\U000e0041"


def acts(character: str) -> bool:
    return unicodedata.category(character) in _ACTING or character in _BIDI + _INVISIBLE


@given(text=st.text(st.characters(codec=None)))
@example(text=_BIDI + _INVISIBLE + "\x1b\x9b\r\n\u2028\u2029\x85\ud800")
def test_nothing_in_a_quoted_text_acts_on_a_terminal(text: str) -> None:
    quoted = printable(text)

    assert not any(map(acts, quoted))
    assert len(quoted.splitlines()) <= 1
    assert printable(quoted) == quoted


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("done\nerror: forged", r"done\nerror: forged"),
        ("\x1b[2Jx", r"\x1b[2Jx"),
        ("a\u202egnp.exe", r"a\u202egnp.exe"),
        ("vic\u200b", r"vic\u200b"),
        ("::error::forged", r"\x3a:error::forged"),
        ("  ::set-output name=x::y", r"  \x3a:set-output name=x::y"),
        ("std::string", "std::string"),
        ("##[group]x", r"#\x23[group]x"),
        ("a ##vso[task.setvariable]x", r"a #\x23vso[task.setvariable]x"),
        ("## Heading", "## Heading"),
        ("Größe 日本語 😀 עברית", "Größe 日本語 😀 עברית"),
    ],
)
def test_what_a_terminal_or_a_runner_obeys_is_shown_as_an_escape(text: str, quoted: str) -> None:
    assert printable(text) == quoted


@given(text=st.text(), limit=st.integers(min_value=1, max_value=50))
def test_a_limit_holds_for_the_quoted_text(text: str, limit: int) -> None:
    assert len(printable(text, limit)) <= limit


@given(text=st.text())
def test_a_text_of_many_lines_keeps_its_lines(text: str) -> None:
    quoted = printable_lines(text)

    assert not any(acts(character) for character in quoted if character not in "\n\t\f")
    assert quoted.count("\n") == text.count("\n")


@given(value=st.dictionaries(st.text(), st.text() | st.lists(st.text())))
@example(value={"##vso[x]": "##[error]\x7f\x9b\u202e"})
def test_a_quoted_json_document_holds_the_same_values(value: object) -> None:
    for document in (json.dumps(value, ensure_ascii=False, indent=1), json.dumps(value)):
        quoted = printable_json(document)

        assert json.loads(quoted) == value
        assert not any(acts(character) for character in quoted if character != "\n")
        assert "##[" not in quoted
        assert "##vso[" not in quoted


def test_html_shows_the_text_and_nothing_else() -> None:
    assert printable_html("<b>\u202e</b>") == r"&lt;b&gt;\u202e&lt;/b&gt;"

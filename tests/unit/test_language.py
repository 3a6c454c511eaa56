"""Phrases that must not come back: each has a plain word that every reader knows."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SUFFIXES = {".py", ".md", ".toml", ".yml", ".yaml", ".jinja", ".js", ".ini", ".cfg"}
HISTORY = {"CHANGELOG.md", "tests/unit/test_language.py"}
"""The changelog keeps what was released as it was written; this file must name the phrases."""

SPACE = r"(?:[ \t]+|[ \t]*\n[ \t]*(?:#:?|//|\*|>)?[ \t]*)"
PHRASES = {
    r"mend(?:s|ed|ing)?": "fix",
    r"(?:(?:can|could|cannot|can not|may) (?:not )?be|to be) had": "unavailable, or: no … found",
    r"told(?! apart)": "say, print, show, report; a variable is named by what it holds",
    r"tells? (?:machines|users|operators|people|everybody|every)": "say, print, show",
    r"is telling": "message, report",
    r"(?:held|holds?|holding) [^.\n]{0,40}\bagainst": "compare with, check against",
    r"stands? (?:there|here)": "is there, appears",
    r"stand(?:s|ing)? (?:there )?twice": "Duplicate …",
    r"what (?:became|becomes) of": "the result of, how … ended",
    r"is none of": "is not one of, is not a",
    r"that (?:is|are) none": "is not a …",
    r"whose every": "every … of which",
    r"what is so": "what is true, the facts",
    r"say(?:s)? about (?:itself|themselves)": "metadata",
    r"made again|make (?:it |them )?again": "rebuilt, recreated",
    r"looked through|look(?:s|ing)? through": "searched, scanned",
    r"the only door|one door|behind one door": "the only entry point",
    r"the house|at a desk": "the project, a machine",
    r"is due|are due": "is needed, is required",
    r"much used": "popular, often used",
    r"is meant|are meant": "which … do you mean",
    r"by whom|for whom|who is called|asks? for whom": "name the thing: caller, dependency, user",
    r"without a word": "silently",
    r"meddles?|meddling": "interfere, change",
    r"found out": "computed, detected",
    r"put there": "uploaded, written",
    r"hangs? on": "depends on",
    r"(?:as|what) it stands|as (?:he|she|they) stands?": "as it is now",
    r"thereof|thereby|whereabouts": "plain words",
    r"with a hand on": "that wraps",
    r"wish(?:es|ed)?": "request, option",
    r"the like": "similar",
    r"stays? so": "remains, happens again",
    r"not here any ?more": "no longer stored",
}


@cache
def tracked_texts() -> dict[str, tuple[str, str]]:
    """The tracked text files, relative to the repository: the text as it is, and in lower case."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, check=True, capture_output=True)
    names = listing.stdout.decode().split("\0")
    wanted = sorted(name for name in names if Path(name).suffix in SUFFIXES and name not in HISTORY)
    paths = {name: REPOSITORY / name for name in wanted}
    # A link, or a file that is deleted and not committed yet, is not a file.
    texts = {name: path.read_text("utf-8", errors="replace") for name, path in paths.items() if path.is_file()}
    return {name: (text, text.lower()) for name, text in texts.items()}


def uses_of(phrase: str, name: str, text: str) -> list[str]:
    """``file:line: text`` of each place that has the phrase, also where a comment goes on in the next line."""
    pattern = re.compile(rf"\b(?:{phrase.replace(' ', SPACE)})\b", re.IGNORECASE)
    lines = text.splitlines()
    numbers = sorted({text.count("\n", 0, match.start()) for match in pattern.finditer(text)})
    return [f"{name}:{number + 1}: {lines[number].strip()}" for number in numbers]


@pytest.mark.parametrize("phrase", PHRASES)
def test_no_text_uses_a_retired_phrase(phrase: str) -> None:
    anywhere = re.compile(phrase.replace(" ", SPACE))  # in lower case and also within words: ten times faster
    texts = {name: text for name, (text, lower) in tracked_texts().items() if anywhere.search(lower)}
    uses = [use for name, text in texts.items() for use in uses_of(phrase, name, text)]

    assert uses == [], f"write instead: {PHRASES[phrase]}"

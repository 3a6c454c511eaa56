"""The word that the author probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LENGTH_MAX = 64


def suggest(word: str, allowed: Sequence[str]) -> str:
    """The nearest allowed word, or empty; another spelling of the same word (``memory_size``) comes first."""
    if len(word) > _LENGTH_MAX:
        return ""
    letters = {_letters(candidate): candidate for candidate in allowed}
    if _letters(word) in letters:
        return letters[_letters(word)]
    from difflib import get_close_matches

    matches = get_close_matches(_letters(word), letters, n=1)
    return letters[matches[0]] if matches else ""


def _letters(word: str) -> str:
    return "".join(character for character in word.lower() if character.isalnum())

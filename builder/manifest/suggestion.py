"""The word that was probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST = 64


def suggest(word: str, allowed: Sequence[str]) -> str:
    """The allowed word that is nearest, or empty; other spellings of the same word (``memory_size``) come first."""
    if len(word) > _LONGEST:
        return ""
    letters = {_letters(candidate): candidate for candidate in allowed}
    if _letters(word) in letters:
        return letters[_letters(word)]
    from difflib import get_close_matches

    near = get_close_matches(_letters(word), letters, n=1)
    return letters[near[0]] if near else ""


def _letters(word: str) -> str:
    return "".join(character for character in word.lower() if character.isalnum())

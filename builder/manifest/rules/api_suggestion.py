"""The known API that a misspelt ``apiId`` most probably means."""

from __future__ import annotations

import re

from builder.platform.interceptions import API_IDS

_ALIKE = 0.75
"""How alike two parts of a path must be, from 0 to 1: ``patient`` and ``patients`` are, ``sessions`` and
``usage-sessions`` are not."""

_LONGEST_PART = 64


def suggest_api(api_id: str) -> str:
    """The known API that is nearest to an unknown one, with the values that were written for its path parameters.

    Empty when the API is known, and when no known one is near: it may be newer than this kit or belong to a plugin.
    Another method or another version of a service is therefore no misspelling, only another word in the path is.
    """
    parts = api_id.split("/")
    candidates = [known for known in (each.split("/") for each in API_IDS) if len(known) == len(parts)]
    nearest, most_alike = "", 0.0
    for known in candidates:
        likeness = _likeness(parts, known)
        if likeness == len(parts):
            return ""
        if likeness > most_alike:
            intended = [part if _is_parameter(word) else word for part, word in zip(parts, known, strict=True)]
            nearest, most_alike = "/".join(intended), likeness
    return nearest


def _likeness(parts: list[str], known: list[str]) -> float:
    """The likeness of all parts together, as many as there are when they are equal; 0 when one is another word."""
    likenesses = [_likeness_of_part(part, word) for part, word in zip(parts, known, strict=True)]
    return sum(likenesses) if all(likenesses) else 0.0


def _likeness_of_part(part: str, word: str) -> float:
    if part == word or _is_parameter(word):
        return 1.0
    if _is_parameter(part) or len(part) > _LONGEST_PART or re.fullmatch(r"v\d+|[A-Z]+", word):
        return 0.0
    from difflib import SequenceMatcher

    ratio = SequenceMatcher(None, part.lower(), word).ratio()
    return min(ratio, 0.99) if ratio >= _ALIKE else 0.0


def _is_parameter(part: str) -> bool:
    return part.startswith("{")

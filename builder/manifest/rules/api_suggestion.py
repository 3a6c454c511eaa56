"""The known API that a misspelt ``apiId`` probably means."""

from __future__ import annotations

import re

from builder.platform.interceptions import API_IDS

_SIMILARITY_MIN = 0.75
"""How similar two parts of a path must be, from 0 to 1: ``patient`` and ``patients`` are similar
enough, ``sessions`` and ``usage-sessions`` are not."""

_PART_LENGTH_MAX = 64


def suggest_api(api_id: str) -> str:
    """The known API nearest to an unknown one, with the author's values for its path parameters.

    Empty if the API is known, or if no known API is near: it may be newer than the kit, or belong to
    a plugin. Only a different word in the path counts as a misspelling; another method or another
    version of a service does not.
    """
    parts = api_id.split("/")
    candidates = [known for known in (each.split("/") for each in API_IDS) if len(known) == len(parts)]
    nearest, highest = "", 0.0
    for known in candidates:
        similarity = _similarity(parts, known)
        if similarity == len(parts):
            return ""
        if similarity > highest:
            corrected = [part if _is_parameter(word) else word for part, word in zip(parts, known, strict=True)]
            nearest, highest = "/".join(corrected), similarity
    return nearest


def _similarity(parts: list[str], known: list[str]) -> float:
    """The similarities of all parts added up (their number if all are equal); 0 if any part is another word."""
    similarities = [_part_similarity(part, word) for part, word in zip(parts, known, strict=True)]
    return sum(similarities) if all(similarities) else 0.0


def _part_similarity(part: str, word: str) -> float:
    if part == word or _is_parameter(word):
        return 1.0
    if _is_parameter(part) or len(part) > _PART_LENGTH_MAX or re.fullmatch(r"v\d+|[A-Z]+", word):
        return 0.0
    from difflib import SequenceMatcher

    ratio = SequenceMatcher(None, part.lower(), word).ratio()
    return min(ratio, 0.99) if ratio >= _SIMILARITY_MIN else 0.0


def _is_parameter(part: str) -> bool:
    return part.startswith("{")

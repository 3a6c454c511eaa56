"""Texts that are never shown by accident."""

from __future__ import annotations


class SecretText:
    """A text that is never shown by accident: not by repr, str, a traceback or ``dataclasses.asdict``."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for requests and for the files that store it."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretText) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "SecretText(…)"

    def __deepcopy__(self, memo: dict[int, object]) -> SecretText:
        return self

    def __reduce__(self) -> str:
        msg = "A SecretText cannot be pickled."
        raise TypeError(msg)

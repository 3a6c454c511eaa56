"""Pieces of Markdown."""

from __future__ import annotations


def cell(text: str) -> str:
    """A text on one line of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def code_block(text: str, language: str) -> str:
    """A fenced block, with an empty line after it."""
    return f"```{language}\n{text}\n```\n"

"""Patterns in gitignore's syntax, with the paths that they matched in the last build.

Importing pathspec and compiling the patterns of a generated repository takes as long as one third of
a build after one changed line. Which paths match follows from the patterns alone, so matches are
kept from one build to the next, and pathspec is imported only for a path that is new.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from builder.archive.file_results import FileResults
from builder.bundle.source_files import SourceFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pathspec import GitIgnoreSpec

_EXAMINATION = "matches"


class IgnorePatterns:
    """The patterns of one file or setting.

    Args:
        lines: Patterns in gitignore's syntax.
        known: Path -> match, from an earlier build with the same patterns.
    """

    def __init__(self, lines: tuple[str, ...], known: dict[str, bool | None]) -> None:
        self._lines = lines
        self._known = known
        self.matches: dict[str, bool | None] = {}
        """Every path that was compared, with the result of ``match``."""

    def match(self, path: str) -> bool | None:
        """Whether the last pattern that matches a path ignores it (True) or keeps it (False); None if none matches.

        Args:
            path: Relative to the folder of the patterns; folders end in ``/``.
        """
        if path not in self.matches:
            known = path in self._known
            self.matches[path] = self._known[path] if known else self._spec.check_file(path).include
        return self.matches[path]

    @property
    def has_new_matches(self) -> bool:
        """Whether a path was compared that was not known before."""
        return not self.matches.keys() <= self._known.keys()

    @cached_property
    def _spec(self) -> GitIgnoreSpec:
        from pathspec import GitIgnoreSpec

        invalid = invalid_patterns(self._lines)
        return GitIgnoreSpec.from_lines(line for line in self._lines if line not in invalid)


class PatternMatches:
    """The patterns of one plugin, each parsed once.

    Args:
        results: The results about the plugin's files, with the matches of its last build.
    """

    def __init__(self, results: FileResults | None = None) -> None:
        self._results = results or FileResults()
        self._parsed: dict[tuple[str, ...], tuple[SourceFile, IgnorePatterns]] = {}

    def parse(self, lines: tuple[str, ...]) -> IgnorePatterns | None:
        """The patterns of some lines, without comments; None when there are none."""
        if lines not in self._parsed:
            patterns = tuple(line for line in lines if line.strip() and not line.startswith("#"))
            if not patterns:
                return None
            content = "\n".join(patterns).encode("utf-8", "surrogateescape")
            source = SourceFile(path="", origin="", content=content)
            known = self._results.get(_EXAMINATION, source) or {}
            self._parsed[lines] = (source, IgnorePatterns(patterns, known))
        return self._parsed[lines][1]

    def keep(self) -> None:
        """Pass new matches on to the results."""
        for source, patterns in self._parsed.values():
            if patterns.has_new_matches:
                self._results.put(_EXAMINATION, source, patterns.matches)


def invalid_patterns(lines: Sequence[str]) -> tuple[str, ...]:
    """The lines that are not patterns, such as ``!`` or ``[z-a]``; git ignores them silently."""
    from pathspec import GitIgnoreSpec

    invalid = []
    for line in lines:
        try:
            GitIgnoreSpec.from_lines([line])
        except (ValueError, re.error):
            invalid.append(line)
    return tuple(invalid)

"""Named sets of files in packages that no function reads at run time: their patterns, and why that is safe.

A pattern is matched against a file's path inside its package (wheel or npm tarball). Where a name
is not certain, the pattern is narrow: astropy imports ``astropy.tests.runner``, so folders called
``tests`` lose only files that a test runner collects.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from builder.platform.runtimes import Language

AS_OF = "2026-11-20"
"""When the sets were last checked with numpy, pandas, cryptography, pydantic, axios, jose and
winston."""

_DOCUMENT = (
    r"(?:^|/)(?:README|CHANGELOG|CHANGES|HISTORY|CONTRIBUTING|SECURITY|CODE_OF_CONDUCT|UPGRADING)\.(?:md|markdown|rst)$"
)
_HEADER = r"(?:^|/)include/(?:.*/)?[^/]+\.(?:h|hh|hpp|hxx|inc|inl|ipp)$"


class PruneSet(Struct, frozen=True, kw_only=True):
    """One name of ``[build] prune``.

    Attributes:
        name: As in the manifest.
        python: Matches files in wheels, or None.
        nodejs: Matches files in npm packages, or None.
        reason: Why a function does not need the files.
    """

    name: str
    python: re.Pattern[str] | None
    nodejs: re.Pattern[str] | None
    reason: str

    def matches(self, path: str, language: Language) -> bool:
        """Whether the set removes a file.

        Args:
            path: Inside the package.
            language: Of the runtime.
        """
        pattern = self.python if language == "python" else self.nodejs
        return pattern is not None and pattern.search(path) is not None and _NEVER_PRUNED.search(path) is None


_NEVER_PRUNED: Final = re.compile(
    r"^[^/]+\.dist-info/|(?:^|/)package\.json$|(?:^|/)[^/]*(?:LICEN[CS]E|COPYING|NOTICE|AUTHORS|PATENTS)[^/]*$",
    re.IGNORECASE,
)
"""Never pruned: metadata that programs and auditors read, and what Node.js reads to find a
package's files."""

SETS: Final = {
    prune_set.name: prune_set
    for prune_set in (
        PruneSet(
            name="tests",
            python=re.compile(
                r"(?:^|/)tests?/(?:.*/)?(?:test_[^/]*|[^/]*_test|conftest)\.pyi?$|(?:^|/)tests/(?:.*/)?data/"
            ),
            nodejs=re.compile(r"^(?:test|tests)/|(?:^|/)__tests__/|\.(?:test|spec)\.[cm]?[jt]sx?$"),
            reason="only a test runner loads them; helpers in the same folders stay, because some packages import them",
        ),
        PruneSet(
            name="type-stubs",
            python=re.compile(r"\.pyi$"),
            nodejs=re.compile(r"\.d\.[cm]?ts$"),
            reason="read by type checkers and editors; __init__.pyi stays where lazy-loader reads it at run time",
        ),
        PruneSet(
            name="headers",
            python=re.compile(rf"{_HEADER}|\.(?:pxd|pxi)$|\.a$"),
            nodejs=re.compile(rf"{_HEADER}|(?:^|/)binding\.gyp$|\.gypi$"),
            reason="only a compiler or linker reads them, and Lambda has none",
        ),
        PruneSet(
            name="docs",
            python=re.compile(_DOCUMENT, re.IGNORECASE),
            nodejs=re.compile(rf"{_DOCUMENT}|^docs?/.*\.(?:md|markdown|html|png|svg|jpg|gif)$", re.IGNORECASE),
            reason="written for people; licences and notices always stay",
        ),
        PruneSet(
            name="source-maps",
            python=re.compile(r"\.(?:js|mjs|cjs|css|ts)\.map$"),
            nodejs=re.compile(r"\.(?:js|mjs|cjs|css|[cm]?ts)\.map$"),
            reason="read by debuggers only",
        ),
    )
}
"""Every set by its name. schema.json lists the same names."""

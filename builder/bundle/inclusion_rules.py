"""Which of the plugin's own files go in. Decides on names alone; the walk that finds them is elsewhere.

From weak to strong: what never belongs into an artifact and what git ignores stay out; ``include`` takes files in;
``exclude`` leaves files out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pathspec import GitIgnoreSpec

NEVER_FOLDERS: Final = frozenset(
    {"__pycache__", "__pypackages__", "__tests__", "CVS", "htmlcov", "node_modules", "venv"}
)
NEVER_FILES: Final = (
    *("*.pyc", "*.pyo", "*~", "*.swp", "*.orig", "*.rej"),
    *("Thumbs.db", "desktop.ini", "npm-debug.log*", "yarn-error.log*"),
)
NEVER_FOLDER_ENDINGS: Final = (".egg-info", ".dist-info", ".egg")
REPOSITORY_FOLDERS: Final = frozenset(
    {"build", "coverage", "dist", "env", "packed", "scripts", "seedenv", "test", "tests"}
)
"""Left out only where plugin.toml lies: deeper down, ``test`` may well be the laboratory's kind of test.

``scripts``, ``packed`` and ``seedenv`` are the deploy scripts, the results and the environment of BioT's samples.
"""
REPOSITORY_FILES: Final = (
    *("plugin.toml", "tox.ini", "noxfile.py", "setup.cfg", "pytest.ini", "mypy.ini", "ruff.toml", "conftest.py"),
    *("pyproject.toml", "requirements*.lock", "requirements*.txt", "requirements*.in", "constraints*.txt", "Pipfile*"),
    *("uv.lock", "poetry.lock", "pdm.lock", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml"),
    *("tsconfig*.json", "jsconfig*.json", "biome.json*", "eslint.config.*", "prettier.config.*", "jest.config.*"),
    *("localRunner.js", "local_runner.py", "mockEvent.js", "mock_event.py"),
    *("soup.toml", "README*", "CHANGELOG*", "CONTRIBUTING*", "CODEOWNERS", "Makefile", "Jenkinsfile"),
    *("Dockerfile*", "docker-compose*", "compose.y*ml", "bitbucket-pipelines.yml", "azure-pipelines.yml"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class IgnoreFile:
    """One .gitignore: its folder relative to the repository's top (``""`` or ending in ``/``) and what it says."""

    folder: str
    patterns: GitIgnoreSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class InclusionRules:
    """The rules of one plugin.

    Attributes:
        prefix: The build root relative to the repository's top: ``""`` or ending in ``/``.
        at_plugin: The build root is where plugin.toml lies, so the repository's own files lie in it.
        include: ``[build] include``.
        exclude: ``[build] exclude``.
        place: Where the folder lies in the artifact, which patterns are held against: ``""`` or ending in ``/``.
    """

    prefix: str = ""
    at_plugin: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    place: str = ""
    _include: GitIgnoreSpec | None = field(init=False, default=None)
    _exclude: GitIgnoreSpec | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_include", patterns_of(self.include))
        object.__setattr__(self, "_exclude", patterns_of(self.exclude))

    def takes_file(self, path: str, ignores: Sequence[IgnoreFile], *, inside_left_out: bool) -> bool:
        """Whether a file goes in.

        Args:
            path: Relative to the build root.
            ignores: Every .gitignore that applies, the outermost first.
            inside_left_out: It lies in a folder that stays out, so only ``include`` can take it.
        """
        if self._exclude and self._exclude.match_file(self.place + path):
            return False
        if self._include and self._include.match_file(self.place + path):
            return True
        return not (inside_left_out or self._never_file(path) or is_ignored(self.prefix + path, ignores))

    def leaves_out_folder(self, path: str, ignores: Sequence[IgnoreFile]) -> bool:
        """Whether a folder stays out; ``path`` is relative to the build root, without a slash at its end."""
        name = path.rpartition("/")[2]
        return (
            name.startswith(".")
            or name in NEVER_FOLDERS
            or name.endswith(NEVER_FOLDER_ENDINGS)
            or (self.at_plugin and path in REPOSITORY_FOLDERS)
            or is_ignored(f"{self.prefix}{path}/", ignores)
        )

    def enters(self, path: str, *, left_out: bool) -> bool:
        """Whether the walk must look into a folder: not when all in it stays out, however many files it has.

        A folder that stays out is entered only for an ``include`` that names it, as git would not find a file for
        ``*.dat`` below an ignored folder either.
        """
        if self._exclude and self._exclude.match_file(f"{self.place}{path}/"):
            return False
        return not left_out or any(_leads_into(pattern, self.place + path) for pattern in self.include)

    def _never_file(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        if name.startswith(".") or any(fnmatchcase(name, pattern) for pattern in NEVER_FILES):
            return True
        return self.at_plugin and name == path and any(fnmatchcase(name, pattern) for pattern in REPOSITORY_FILES)


def patterns_of(lines: Sequence[str]) -> GitIgnoreSpec | None:
    """Patterns in gitignore's syntax, or None when there are none."""
    told = [line for line in lines if line.strip() and not line.startswith("#")]
    if not told:
        return None
    from pathspec import GitIgnoreSpec

    broken = invalid_patterns(told)
    return GitIgnoreSpec.from_lines(line for line in told if line not in broken)


def invalid_patterns(lines: Sequence[str]) -> tuple[str, ...]:
    """The lines that are no pattern, such as ``!`` or ``[z-a]``; git passes over them without a word."""
    from pathspec import GitIgnoreSpec

    broken = []
    for line in lines:
        try:
            GitIgnoreSpec.from_lines([line])
        except (ValueError, re.error):
            broken.append(line)
    return tuple(broken)


def is_ignored(path: str, ignores: Sequence[IgnoreFile]) -> bool:
    """Whether git ignores a path (relative to the repository's top, folders end in ``/``); the innermost decides."""
    for ignore in reversed(ignores):
        if path.startswith(ignore.folder):
            verdict = ignore.patterns.check_file(path[len(ignore.folder) :]).include
            if verdict is not None:
                return verdict
    return False


def _leads_into(pattern: str, folder: str) -> bool:
    """Whether an include pattern names this folder, something in it, or a folder above it."""
    wanted = [part for part in pattern.split("/") if part]
    for index, (part, want) in enumerate(zip(folder.split("/"), wanted, strict=False)):
        if want == "**":
            return index > 0
        if not fnmatchcase(part, want):
            return False
    return "/" in pattern and not pattern.startswith("!")

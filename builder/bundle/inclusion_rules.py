"""The rules that decide which of the plugin's own files go into the artifact. They look at names only.

From weak to strong: files that never belong into an artifact and files that git ignores stay out;
``include`` adds files; ``exclude`` removes files. ``folder_walk`` finds the files.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

from builder.bundle.ignore_patterns import PatternMatches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.bundle.ignore_patterns import IgnorePatterns

EXCLUDED_FOLDERS: Final = frozenset(
    {"__pycache__", "__pypackages__", "__tests__", "CVS", "htmlcov", "node_modules", "venv"}
)
EXCLUDED_FILES: Final = frozenset({"Thumbs.db", "desktop.ini"})
EXCLUDED_FILE_STARTS: Final = (".", "npm-debug.log", "yarn-error.log")
EXCLUDED_FILE_ENDINGS: Final = (".pyc", ".pyo", "~", ".swp", ".orig", ".rej")
EXCLUDED_FOLDER_ENDINGS: Final = (".egg-info", ".dist-info", ".egg")
REPOSITORY_FOLDERS: Final = frozenset(
    {"build", "coverage", "dist", "env", "packed", "scripts", "seedenv", "test", "tests"}
)
"""Excluded only beside plugin.toml: in a deeper folder, ``test`` may well be a laboratory test.

``scripts``, ``packed`` and ``seedenv`` are the deploy scripts, the results and the environment of
BioT's sample plugins.
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


class IgnoreFile(Struct, frozen=True, kw_only=True):
    """One .gitignore.

    Attributes:
        folder: Its folder, relative to the repository's top: ``""`` or ending in ``/``.
        patterns: Its lines.
    """

    folder: str
    patterns: IgnorePatterns


class InclusionRules(Struct, frozen=True, kw_only=True):
    """The rules of one plugin.

    Attributes:
        prefix: The build root relative to the repository's top: ``""`` or ending in ``/``.
        is_plugin_folder: Whether the folder holds plugin.toml, and so the repository's own files.
        include: ``[build] include``.
        exclude: ``[build] exclude``.
        artifact_folder: The folder's path in the artifact, with which patterns are compared: ``""``
            or ending in ``/``.
        matches: The parsed patterns, with what they matched before.
    """

    prefix: str = ""
    is_plugin_folder: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    artifact_folder: str = ""
    matches: PatternMatches = field(default_factory=PatternMatches)

    def includes_file(self, path: str, ignore_files: Sequence[IgnoreFile], *, in_excluded_folder: bool) -> bool:
        """Whether a file goes into the artifact.

        Args:
            path: Relative to the build root.
            ignore_files: Every .gitignore that applies, the outermost first.
            in_excluded_folder: Whether it lies in an excluded folder, so that only ``include`` can
                add it.
        """
        if (exclude := self.matches.parse(self.exclude)) and exclude.match(self.artifact_folder + path):
            return False
        if (include := self.matches.parse(self.include)) and include.match(self.artifact_folder + path):
            return True
        return not (in_excluded_folder or self._is_excluded_name(path) or is_ignored(self.prefix + path, ignore_files))

    def excludes_folder(self, path: str, ignore_files: Sequence[IgnoreFile]) -> bool:
        """Whether a folder is excluded; ``path`` is relative to the build root, without a slash at its end."""
        name = path.rpartition("/")[2]
        return (
            name.startswith(".")
            or name in EXCLUDED_FOLDERS
            or name.endswith(EXCLUDED_FOLDER_ENDINGS)
            or (self.is_plugin_folder and path in REPOSITORY_FOLDERS)
            or is_ignored(f"{self.prefix}{path}/", ignore_files)
        )

    def enters_folder(self, path: str, *, excluded: bool) -> bool:
        """Whether the walk opens a folder: not when everything inside is excluded, which may be many files.

        An excluded folder is opened only for an ``include`` that names it. As in git, ``*.dat``
        does not reach into an ignored folder.
        """
        if (exclude := self.matches.parse(self.exclude)) and exclude.match(f"{self.artifact_folder}{path}/"):
            return False
        return not excluded or any(_leads_into(pattern, self.artifact_folder + path) for pattern in self.include)

    def _is_excluded_name(self, path: str) -> bool:
        name = path.rpartition("/")[2]
        if name in EXCLUDED_FILES or name.startswith(EXCLUDED_FILE_STARTS) or name.endswith(EXCLUDED_FILE_ENDINGS):
            return True
        return (
            self.is_plugin_folder and name == path and any(fnmatchcase(name, pattern) for pattern in REPOSITORY_FILES)
        )


def is_ignored(path: str, ignore_files: Sequence[IgnoreFile]) -> bool:
    """Whether git ignores a path (relative to the repository's top, folders end in ``/``).

    The innermost .gitignore with a matching pattern decides.
    """
    for ignore in reversed(ignore_files):
        if path.startswith(ignore.folder):
            ignored = ignore.patterns.match(path[len(ignore.folder) :])
            if ignored is not None:
                return ignored
    return False


def _leads_into(pattern: str, folder: str) -> bool:
    """Whether an include pattern names this folder, something in it, or a folder above it."""
    pattern_parts = [part for part in pattern.split("/") if part]
    for index, (part, pattern_part) in enumerate(zip(folder.split("/"), pattern_parts, strict=False)):
        if pattern_part == "**":
            return index > 0
        if not fnmatchcase(part, pattern_part):
            return False
    return "/" in pattern and not pattern.startswith("!")

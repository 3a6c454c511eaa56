"""The questions of the templates, and the file in which a plugin stores the answers."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from builder.errors import Problem, ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

ANSWERS_FILE = ".copier-answers.yml"

QUESTIONS = (
    "layout",
    "language",
    "plugin_name",
    "display_name",
    "hooks",
    "runtime",
    "hosting",
    "package_type",
    "description",
    "ci",
    "kit_requirement",
)
"""The questions of ``copier.yml``, in their order."""

HOOKS = ("notification", "interceptor_pre", "interceptor_post", "interceptor_post_entity", "nonspecific")
"""The choices of the question ``hooks``, in their order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredAnswers:
    """The answers file of a generated plugin.

    Attributes:
        source: The git URL or absolute folder of the templates.
        commit: The tag or commit of the templates, or None if the source was not a git repository.
        answers: The answer to each question.
    """

    source: str
    commit: str | None
    answers: Mapping[str, object]


def check_names(names: Iterable[str]) -> None:
    """Refuse answers to questions that do not exist, because Copier would silently ignore them.

    Raises:
        ProjectError: It lists every unknown question.
    """
    unknown = sorted(set(names) - set(QUESTIONS))
    if unknown:
        message = f"Unknown question: {', '.join(unknown)}."
        hint = f"The questions are {', '.join(QUESTIONS)}."
        raise ProjectError(message, hint=hint, problems=[_unknown_name(name) for name in unknown])


def _unknown_name(name: str) -> Problem:
    near = get_close_matches(name, QUESTIONS, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Use one of {', '.join(QUESTIONS)}."
    return Problem(key=name, message=f"Unknown question {name}.", hint=hint, code="unknown-question")


def read_answers(folder: Path) -> StoredAnswers:
    """Read the answers file of a generated plugin.

    Raises:
        ProjectError: The folder does not contain a generated plugin, or the file is damaged.
    """
    import yaml

    file = folder / ANSWERS_FILE
    try:
        document = yaml.safe_load(file.read_bytes())
    except FileNotFoundError:
        message = f"{folder} does not contain a generated plugin: there is no {ANSWERS_FILE}."
        hint = "Run the command in a plugin that was created by `biot-plugin new` or `copier copy`."
        raise ProjectError(message, hint=hint) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = f"is not valid YAML: {' '.join(str(error).split())}"
        raise _damaged(reason) from error
    if not isinstance(document, dict) or not isinstance(document.get("_src_path"), str):
        reason = "does not contain _src_path, the source of the templates"
        raise _damaged(reason)
    commit = document.get("_commit")
    return StoredAnswers(
        source=document["_src_path"],
        commit=None if commit is None else str(commit),
        answers={str(key): value for key, value in document.items() if not str(key).startswith("_")},
    )


def _damaged(reason: str) -> ProjectError:
    message = f"{ANSWERS_FILE} {reason}."
    return ProjectError(
        message,
        hint=f"Restore it from git: `git checkout HEAD -- {ANSWERS_FILE}`.",
        problems=[Problem(file=ANSWERS_FILE, message=f"The file {reason}.", code="damaged-answers")],
    )

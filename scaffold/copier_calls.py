"""All calls of Copier. Its errors are translated to the kit's errors here."""

from __future__ import annotations

import io
import re
import warnings
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING

from builder.errors import KitError, Problem, ProjectError
from builder.host import process

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from copier import VcsRef

    from scaffold.template_source import TemplateOrigin

_REFUSED_ANSWER = re.compile(
    r"(?:Validation error for question|Invalid choice for) '(?P<question>\w+)': (?P<reason>.+)", re.DOTALL
)
_UNKNOWN_VERSION = re.compile(r"Unknown revision|invalid reference|unknown revision|not a valid object name")


class RefusedAnswerError(ProjectError):
    """An answer that breaks the rule of its question."""

    def __init__(self, question: str, reason: str) -> None:
        hint = "`biot-plugin new --help` lists the questions and their answers."
        self.problem = Problem(key=question, message=reason, hint=hint, code="invalid-answer")
        super().__init__("An answer is invalid. Nothing was changed.", problems=[self.problem])
        self.question = question


def copy(origin: TemplateOrigin, folder: Path, *, answers: Mapping[str, object], defaults: bool) -> None:
    """Render the templates into an empty or missing folder.

    Raises:
        RefusedAnswerError: An answer breaks its question's rule.
        ProjectError: Everything else that stops Copier.
    """
    with _translated_errors(origin):
        from copier import run_copy

        run_copy(
            origin.source,
            folder,
            convert_answers(answers),
            vcs_ref=origin.ref,
            defaults=defaults,
            overwrite=True,
            quiet=True,
        )


def update(origin: TemplateOrigin, folder: Path, *, answers: Mapping[str, object], defaults: bool) -> None:
    """Merge another version of the templates into a clean working copy.

    ``origin.ref`` may be ``:current:``. Copier does not ask questions again that were answered before.

    Raises:
        RefusedAnswerError: An answer breaks its question's rule.
        ProjectError: Everything else that stops Copier, except conflicts, which Copier leaves in the files.
    """
    with _translated_errors(origin):
        from copier import run_update

        run_update(
            folder,
            convert_answers(answers),
            vcs_ref=_version(origin.ref),
            defaults=defaults,
            skip_answered=True,
            overwrite=True,
            quiet=True,
        )


def convert_answers(answers: Mapping[str, object]) -> dict[str, object]:
    """Convert answers for Copier: several choices may also be written ``a, b`` instead of ``[a, b]``."""
    hooks = answers.get("hooks")
    if isinstance(hooks, str) and not hooks.lstrip().startswith("["):
        return {**answers, "hooks": [name.strip() for name in hooks.split(",") if name.strip()]}
    return dict(answers)


def _version(ref: str | None) -> str | VcsRef | None:
    from copier import VcsRef

    return VcsRef.CURRENT if ref == VcsRef.CURRENT.value else ref


@contextmanager
def _translated_errors(origin: TemplateOrigin) -> Iterator[None]:
    from copier.errors import CopierError, CopierWarning, InteractiveSessionError
    from jinja2 import TemplateError
    from plumbum import ProcessExecutionError
    from yaml import YAMLError

    if process.find_program("git") is None:
        message = "git was not found. It is needed to fetch and merge the templates."
        raise ProjectError(message, hint="Install git (https://git-scm.com) and try again.")
    try:
        # Copier prints to stderr even if it should be quiet, and warns of a dirty source, which is intended here.
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore", CopierWarning)
            yield
    except KitError:
        raise
    except KeyboardInterrupt:
        # At a question, Copier raises a subclass that carries all answers; raise a plain one instead.
        raise KeyboardInterrupt from None
    except ProcessExecutionError as error:
        raise git_error(origin, str(error.stderr)) from error
    except InteractiveSessionError as error:
        message = "Some questions have no answer, and there is no terminal to ask them."
        hint = "Add --defaults, or give the answers with -d NAME=VALUE."
        raise ProjectError(message, hint=hint) from error
    except TemplateError as error:
        message = f"The templates from {_describe(origin)} cannot be rendered: {error}."
        raise ProjectError(message, hint="Use a released version of the kit: --ref TAG.") from error
    except (CopierError, ValueError, TypeError, YAMLError) as error:
        raise copier_error(origin, str(error)) from error


def git_error(origin: TemplateOrigin, stderr: str) -> ProjectError:
    """Return the error for a git command that failed."""
    if _UNKNOWN_VERSION.search(stderr):
        return unknown_version_error(origin)
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    reason = next(
        (line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "no reason given"
    )
    message = f"The templates cannot be fetched from {origin.source}: git says “{reason}”."
    hint = f"Check the address, the network and your git credentials: `git ls-remote {_git_address(origin)}` must work."
    if Path(origin.source).is_absolute():
        hint = f"Check that git can read {origin.source}, and that the disk for temporary files has free space."
    return ProjectError(message, hint=hint)


def copier_error(origin: TemplateOrigin, copier_message: str) -> ProjectError:
    """Return the error for an exception of Copier.

    Args:
        origin: Where the templates come from.
        copier_message: Copier's own message.
    """
    if match := _REFUSED_ANSWER.search(copier_message):
        return RefusedAnswerError(match["question"], " ".join(match["reason"].split()))
    if _UNKNOWN_VERSION.search(copier_message):
        return unknown_version_error(origin)
    if "must be a directory" in copier_message:
        message = f"There are no templates at {origin.source}: it is neither a folder nor a git repository."
        return ProjectError(
            message, hint="Check --source. It must be a git URL such as https://…/kit.git, or a folder."
        )
    if "downgrading" in copier_message:
        message = f"{_describe(origin)} is older than the plugin's version. A plugin cannot be downgraded."
        return ProjectError(message, hint="Choose a newer version with --ref, or undo the last update with git.")
    reason = " ".join(copier_message.split()) or "an answer has the wrong type"
    message = f"The templates from {_describe(origin)} cannot be used: {reason}."
    hint = "`biot-plugin new --help` lists the questions and their answers. Check Copier's settings file too."
    return ProjectError(message, hint=hint)


def unknown_version_error(origin: TemplateOrigin) -> ProjectError:
    """Return the error for a tag, branch or commit that does not exist."""
    message = f"{origin.source} has no version {origin.ref}."
    hint = f"Choose a tag, branch or commit with --ref; `git ls-remote {_git_address(origin)}` lists them."
    return ProjectError(message, hint=hint)


def _git_address(origin: TemplateOrigin) -> str:
    return origin.source.removeprefix("git+")


def _describe(origin: TemplateOrigin) -> str:
    return f"{origin.source} at {origin.ref or 'its newest release'}"

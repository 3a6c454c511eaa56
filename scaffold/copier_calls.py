"""The one place that calls Copier; whatever it raises leaves here in the kit's own words."""

from __future__ import annotations

import io
import re
import warnings
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING

from builder import process
from builder.errors import KitError, Problem, ProjectError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from copier import VcsRef

    from scaffold.template_source import TemplateOrigin

_REFUSED_ANSWER = re.compile(
    r"(?:Validation error for question|Invalid choice for) '(?P<question>\w+)': (?P<reason>.+)", re.DOTALL
)
_UNKNOWN_VERSION = re.compile(r"Unknown revision|invalid reference|unknown revision|not a valid object name")


class RefusedAnswerError(ProjectError):
    """One answer breaks the rule of its question."""

    def __init__(self, question: str, reason: str) -> None:
        self.problem = Problem(key=question, message=reason, hint="`biot-plugin new --help` shows how to answer.")
        super().__init__("An answer was refused; nothing was changed.", problems=[self.problem])
        self.question = question


def copy(origin: TemplateOrigin, folder: Path, *, answers: Mapping[str, object], defaults: bool) -> None:
    """Render the templates into an empty or missing folder.

    Raises:
        RefusedAnswerError: An answer breaks its question's rule.
        ProjectError: Everything else that stops Copier.
    """
    with _in_own_words(origin):
        from copier import run_copy

        run_copy(
            origin.source, folder, typed(answers), vcs_ref=origin.ref, defaults=defaults, overwrite=True, quiet=True
        )


def update(origin: TemplateOrigin, folder: Path, *, answers: Mapping[str, object], defaults: bool) -> None:
    """Merge another version of the templates into a clean working copy.

    ``origin.ref`` may be ``:current:``. Questions that were answered before are not asked again.

    Raises:
        RefusedAnswerError: An answer breaks its question's rule.
        ProjectError: Everything else that stops Copier. Conflicts are not among it: Copier leaves them in the files.
    """
    with _in_own_words(origin):
        from copier import run_update

        run_update(
            folder,
            typed(answers),
            vcs_ref=_version(origin.ref),
            defaults=defaults,
            skip_answered=True,
            overwrite=True,
            quiet=True,
        )


def typed(answers: Mapping[str, object]) -> dict[str, object]:
    """Answers as Copier takes them: several choices may also be written ``a, b`` instead of ``[a, b]``."""
    hooks = answers.get("hooks")
    if isinstance(hooks, str) and not hooks.lstrip().startswith("["):
        return {**answers, "hooks": [name.strip() for name in hooks.split(",") if name.strip()]}
    return dict(answers)


def _version(ref: str | None) -> str | VcsRef | None:
    from copier import VcsRef

    return VcsRef.CURRENT if ref == VcsRef.CURRENT.value else ref


@contextmanager
def _in_own_words(origin: TemplateOrigin) -> Iterator[None]:
    from copier.errors import CopierError, CopierWarning, InteractiveSessionError
    from jinja2 import TemplateError
    from plumbum import ProcessExecutionError
    from yaml import YAMLError

    if process.find_program("git") is None:
        message = "git was not found; templates are fetched and merged with it."
        raise ProjectError(message, hint="Install git (https://git-scm.com) and try again.")
    try:
        # Copier tells things on stderr even when it shall be quiet, and warns of what is meant here (a dirty source).
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore", CopierWarning)
            yield
    except KitError:
        raise
    except KeyboardInterrupt:
        # At a question Copier raises an error of its own that is an interrupt too, and carries all it knew.
        raise KeyboardInterrupt from None
    except ProcessExecutionError as error:
        raise git_failure(origin, str(error.stderr)) from error
    except InteractiveSessionError as error:
        message = "There are questions to answer and no terminal to ask them in."
        hint = "Add --defaults, and answers as -d NAME=VALUE."
        raise ProjectError(message, hint=hint) from error
    except TemplateError as error:
        message = f"The templates of {_named(origin)} cannot be rendered: {error}."
        raise ProjectError(message, hint="Use a released version of the kit: --ref TAG.") from error
    except (CopierError, ValueError, TypeError, YAMLError) as error:
        raise copier_error(origin, str(error)) from error


def git_failure(origin: TemplateOrigin, stderr: str) -> ProjectError:
    """What a git command that failed means for the user."""
    if _UNKNOWN_VERSION.search(stderr):
        return unknown_version(origin)
    said = [line.strip() for line in stderr.splitlines() if line.strip()]
    reason = next(
        (line for line in said if line.startswith(("fatal:", "error:"))), said[-1] if said else "no reason given"
    )
    message = f"The templates cannot be fetched from {origin.source}: git says “{reason}”."
    hint = f"Check the address, the network and your git credentials until `git ls-remote {_for_git(origin)}` works."
    if Path(origin.source).is_absolute():
        hint = f"Check that git can read {origin.source}, and that the folder for temporary files has free space."
    return ProjectError(message, hint=hint)


def copier_error(origin: TemplateOrigin, said: str) -> ProjectError:
    """What an error that Copier raised means for the user.

    Args:
        origin: Where the templates come from.
        said: Copier's own sentence.
    """
    if found := _REFUSED_ANSWER.search(said):
        return RefusedAnswerError(found["question"], " ".join(found["reason"].split()))
    if _UNKNOWN_VERSION.search(said):
        return unknown_version(origin)
    if "must be a directory" in said:
        message = f"There are no templates at {origin.source}: it is neither a folder nor a git repository."
        return ProjectError(message, hint="Check --source: a git URL such as https://…/kit.git, or a folder.")
    if "downgrading" in said:
        message = f"{_named(origin)} is older than the version that the plugin has; going back is not possible."
        return ProjectError(message, hint="Name a newer version with --ref, or undo the last update with git.")
    message = (
        f"The templates of {_named(origin)} cannot be used: {' '.join(said.split()) or 'an answer has the wrong type'}."
    )
    return ProjectError(
        message, hint="`biot-plugin new --help` shows how to answer; the settings file of Copier counts too."
    )


def unknown_version(origin: TemplateOrigin) -> ProjectError:
    """The source has no such tag, branch or commit."""
    message = f"{origin.source} has no version called {origin.ref}."
    return ProjectError(message, hint=f"`git ls-remote {_for_git(origin)}` lists what there is; name one with --ref.")


def _for_git(origin: TemplateOrigin) -> str:
    return origin.source.removeprefix("git+")


def _named(origin: TemplateOrigin) -> str:
    return f"{origin.source} at {origin.ref or 'its newest release'}"

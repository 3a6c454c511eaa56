"""``biot-plugin new``: render the templates beside the destination, then move all files into place, or none."""

from __future__ import annotations

import os
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from builder.errors import Problem, ProjectError
from scaffold import copier_calls
from scaffold.template_answers import ANSWERS_FILE, check_names, read_answers
from scaffold.template_source import TemplateOrigin, installed_origin, named_origin

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class NewResult:
    """A new plugin repository.

    Attributes:
        folder: Its absolute path.
        files: The relative paths of its files, sorted.
        source: Where the templates came from.
        version: The tag or commit of the templates, or ``unversioned`` for a folder without git.
        local_requirement: The folder on this machine from which tox.ini installs the kit; empty for any other source.
        answers: The answer to each question, including defaults.
    """

    folder: Path
    files: tuple[str, ...]
    source: str
    version: str
    local_requirement: str
    answers: Mapping[str, object]


def new(
    destination: Path,
    *,
    answers: Mapping[str, object],
    defaults: bool = False,
    source: str | None = None,
    ref: str | None = None,
) -> NewResult:
    """Create a plugin repository.

    Args:
        destination: Its folder, which must be missing, empty, or without files that the templates would overwrite.
        answers: Answers by question. The other questions are asked, or get their defaults.
        defaults: Whether to use the defaults instead of asking.
        source: A git URL or folder of the kit; None for the source of the installed kit.
        ref: A tag, branch or commit; None for the installed version, or for the working tree of a folder.

    Raises:
        ProjectError: It lists every invalid answer or every file that would be overwritten, or says why the folder
            cannot be written. Nothing was written.
    """
    check_names(answers)
    origin = named_origin(source, ref) if source else _installed(ref)
    folder = destination.expanduser().resolve()
    _check_destination(folder)
    try:
        with TemporaryDirectory(prefix=".biot-plugin-new-", dir=_nearest_folder(folder)) as beside:
            rendered = Path(beside) / (folder.name or "plugin")
            _render(origin, rendered, answers=answers, defaults=defaults)
            stored_answers = read_answers(rendered)
            files = _files(rendered)
            requirement = _requirement(rendered / "tox.ini")
            _place(rendered, folder, files)
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror}."
        hint = "Choose a folder that you can write to, on a disk with free space."
        raise ProjectError(message, hint=hint) from error
    return NewResult(
        folder=folder,
        files=files,
        source=stored_answers.source,
        version=stored_answers.commit or "unversioned",
        local_requirement=requirement if "file:" in requirement else "",
        answers=stored_answers.answers,
    )


def _installed(ref: str | None) -> TemplateOrigin:
    origin = installed_origin()
    return TemplateOrigin(source=origin.source, ref=ref or origin.ref)


def _check_destination(folder: Path) -> None:
    file = next((path for path in (folder, *folder.parents) if path.exists() and not path.is_dir()), None)
    if file is not None:
        message = f"{file} is a file, not a folder."
        raise ProjectError(message, hint="Choose a folder that does not exist yet.")
    if (folder / ANSWERS_FILE).exists():
        message = f"{folder} already contains a generated plugin."
        raise ProjectError(message, hint="Run `biot-plugin update` there to update the kit or change answers.")


def _nearest_folder(folder: Path) -> Path:
    """Return the closest existing folder. It is on the same disk, so files can be moved into place."""
    return next(path for path in (folder, *folder.parents) if path.is_dir())


def _render(origin: TemplateOrigin, rendered: Path, *, answers: Mapping[str, object], defaults: bool) -> None:
    """Render the templates. If an answer is invalid, find the other invalid ones too: Copier stops at the first."""
    remaining = dict(answers)
    errors: list[copier_calls.RefusedAnswerError] = []
    while True:
        try:
            copier_calls.copy(origin, rendered, answers=remaining, defaults=defaults or bool(errors))
        except copier_calls.RefusedAnswerError as error:
            errors.append(error)
            if remaining.pop(error.question, None) is None:
                break
        else:
            break
    if len(errors) == 1:
        raise errors[0]
    if errors:
        message = f"{len(errors)} answers are invalid. Nothing was changed."
        raise ProjectError(message, problems=[error.problem for error in errors])


def _requirement(tox_ini: Path) -> str:
    """Return the requirement by which tox installs the kit; empty if these templates store it elsewhere."""
    if not tox_ini.is_file():
        return ""
    settings = ConfigParser(interpolation=None, strict=False)
    settings.read(tox_ini, encoding="utf-8")
    return settings.get("kit", "requirement", fallback="")


def _files(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if not file.is_dir()))


def _place(rendered: Path, folder: Path, files: tuple[str, ...]) -> None:
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        rendered.replace(folder)
        return
    conflicting = [file for file in files if _differs(rendered / file, folder / file)]
    if conflicting:
        count = "1 file" if len(conflicting) == 1 else f"{len(conflicting)} files"
        message = f"{folder} already contains {count} that would be overwritten."
        hint = "Move the files away, or choose an empty folder. `copier copy` asks about each file instead."
        problems = [
            Problem(file=file, message="The file already exists with other content.", hint=hint, code="existing-file")
            for file in conflicting
        ]
        raise ProjectError(message, hint=hint, problems=problems)
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        os.replace(rendered / file, folder / file)  # noqa: PTH105 - may replace an identical file


def _differs(new: Path, existing: Path) -> bool:
    if any(parent.is_file() for parent in existing.parents):
        return True
    if not os.path.lexists(existing):
        return False
    return existing.is_symlink() or not existing.is_file() or existing.read_bytes() != new.read_bytes()

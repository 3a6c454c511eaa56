"""``biot-plugin new``: render beside the destination, then put it in place whole or not at all."""

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
    """A plugin repository that was just made.

    Attributes:
        folder: Absolute path.
        files: Relative paths of what was written, sorted.
        source: Where the templates came from.
        version: Tag or commit of the templates, or ``unversioned`` for a folder without git.
        local_requirement: What tox.ini installs the kit from, when that is a folder of this machine; else empty.
        answers: Question to answer, defaults included.
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
    """Start a plugin repository.

    Args:
        destination: Its folder; missing, empty, or holding no file that the templates would overwrite.
        answers: Question to answer; the rest is asked, or taken from the defaults.
        defaults: Ask nothing.
        source: Git URL or folder of the kit; None for where the installed kit came from.
        ref: Tag, branch or commit of it; None for the installed version, or the working tree of a folder.

    Raises:
        ProjectError: Lists every refused answer, or every file that is in the way, or says why the folder cannot be
            written. Nothing was written then.
    """
    check_names(answers)
    origin = named_origin(source, ref) if source else _installed(ref)
    folder = destination.expanduser().resolve()
    _check_destination(folder)
    try:
        with TemporaryDirectory(prefix=".biot-plugin-new-", dir=_nearest_folder(folder)) as beside:
            rendered = Path(beside) / (folder.name or "plugin")
            _render(origin, rendered, answers=answers, defaults=defaults)
            remembered = read_answers(rendered)
            files = _files(rendered)
            requirement = _requirement(rendered / "tox.ini")
            _place(rendered, folder, files)
    except OSError as error:
        message = f"{folder} cannot be written: {error.strerror}."
        hint = "Name a folder that you may write to, on a disk with free space."
        raise ProjectError(message, hint=hint) from error
    return NewResult(
        folder=folder,
        files=files,
        source=remembered.source,
        version=remembered.commit or "unversioned",
        local_requirement=requirement if "file:" in requirement else "",
        answers=remembered.answers,
    )


def _installed(ref: str | None) -> TemplateOrigin:
    origin = installed_origin()
    return TemplateOrigin(source=origin.source, ref=ref or origin.ref)


def _check_destination(folder: Path) -> None:
    file = next((place for place in (folder, *folder.parents) if place.exists() and not place.is_dir()), None)
    if file is not None:
        message = f"{file} is a file."
        raise ProjectError(message, hint="Name a folder that does not exist yet.")
    if (folder / ANSWERS_FILE).exists():
        message = f"{folder} is a generated plugin already."
        raise ProjectError(message, hint="`biot-plugin update` brings it to a newer kit or changes its answers.")


def _nearest_folder(folder: Path) -> Path:
    """The closest folder that exists: on the same disk, so that moving into place is one step."""
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def _render(origin: TemplateOrigin, rendered: Path, *, answers: Mapping[str, object], defaults: bool) -> None:
    """Render, and when an answer is refused find the other wrong ones too: Copier stops at the first."""
    left = dict(answers)
    refused: list[copier_calls.RefusedAnswerError] = []
    while True:
        try:
            copier_calls.copy(origin, rendered, answers=left, defaults=defaults or bool(refused))
        except copier_calls.RefusedAnswerError as error:
            refused.append(error)
            if left.pop(error.question, None) is None:
                break
        else:
            break
    if len(refused) == 1:
        raise refused[0]
    if refused:
        message = f"{len(refused)} answers were refused; nothing was changed."
        raise ProjectError(message, problems=[error.problem for error in refused])


def _requirement(tox_ini: Path) -> str:
    """What tox installs the kit from; empty when these templates do not say it where this kit's do."""
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
    in_the_way = [file for file in files if _differs(rendered / file, folder / file)]
    if in_the_way:
        message = f"{folder} holds {len(in_the_way)} of the files already, with another content."
        hint = "Move them away, or start in an empty folder; `copier copy` asks about each file instead."
        problems = [
            Problem(file=file, message="The file exists already with another content.", hint=hint)
            for file in in_the_way
        ]
        raise ProjectError(message, hint=hint, problems=problems)
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        os.replace(rendered / file, folder / file)  # noqa: PTH105 - says that an identical file may be there


def _differs(ours: Path, theirs: Path) -> bool:
    if any(parent.is_file() for parent in theirs.parents):
        return True
    if not os.path.lexists(theirs):
        return False
    return theirs.is_symlink() or not theirs.is_file() or theirs.read_bytes() != ours.read_bytes()

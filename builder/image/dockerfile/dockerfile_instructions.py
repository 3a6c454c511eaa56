"""What a Dockerfile asks for, as far as the kit needs to know it. Runs nothing and reads no files.

Sources: Docker's Dockerfile reference (parser directives, here-documents, and the flags that only
BuildKit knows), as of 2026-11-20.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_DIRECTIVE: Final = re.compile(r"#\s*(syntax|escape|check)\s*=\s*(\S+)", re.IGNORECASE)
_HEREDOC: Final = re.compile(r"(?<!<)<<-?([\"']?)([A-Za-z_][A-Za-z0-9_]*)\1")
_WITH_HEREDOC: Final = frozenset({"RUN", "COPY", "ADD"})
_BUILDKIT_FLAGS: Final = {
    "RUN": ("--mount", "--network", "--security", "--device"),
    "COPY": ("--link", "--chmod", "--parents", "--exclude"),
    "ADD": ("--link", "--chmod", "--checksum", "--keep-git-dir", "--exclude", "--unpack"),
}
"""Instruction -> flags that the classic builder does not know."""
_REMOTE: Final = re.compile(r"(?:https?://|git@|git://)", re.IGNORECASE)
_SHOWN: Final = 60


class Instruction(Struct, frozen=True, kw_only=True):
    """One instruction of a Dockerfile.

    Attributes:
        line: Where it begins, counted from 1.
        keyword: In capital letters, such as ``RUN``.
        arguments: The rest on one line, with flags, and without the text of here-documents.
        has_heredoc: Whether a here-document follows.
    """

    line: int
    keyword: str
    arguments: str
    has_heredoc: bool = False

    @property
    def flags(self) -> tuple[str, ...]:
        """Its flags, such as ``--from=build``."""
        words = self.arguments.split()
        count = next((number for number, word in enumerate(words) if not word.startswith("--")), len(words))
        return tuple(words[:count])

    @property
    def values(self) -> tuple[str, ...]:
        """Its words after the flags."""
        return tuple(self.arguments.split()[len(self.flags) :])

    def flag(self, name: str) -> str:
        """The value of a flag; empty when it is not there."""
        found = (flag.partition("=")[2] for flag in self.flags if flag.partition("=")[0] == name)
        return next(found, "")

    @property
    def shown(self) -> str:
        """Its beginning, for messages."""
        text = f"{self.keyword} {self.arguments}"
        return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


class UnrepeatableStep(Struct, frozen=True, kw_only=True):
    """A step that can give another layer next time, although no file changed.

    Attributes:
        instruction: The step.
        reason: Why, as a sentence.
        hint: How to make it repeatable.
    """

    instruction: Instruction
    reason: str
    hint: str


def parse_dockerfile(text: str) -> tuple[Instruction, ...]:
    """The instructions of a Dockerfile. What the engine would refuse is left to the engine."""
    return tuple(_instructions(text.splitlines(), _directives(text).get("escape", "\\")))


def needs_buildkit(text: str) -> bool:
    """Whether only BuildKit can build this Dockerfile."""
    return "syntax" in _directives(text) or any(_is_for_buildkit(one) for one in parse_dockerfile(text))


def unrepeatable_steps(instructions: Sequence[Instruction]) -> tuple[UnrepeatableStep, ...]:
    """Every step whose result does not depend on the files of the plugin alone."""
    stages: set[str] = set()
    steps = []
    for number, instruction in enumerate(instructions):
        if reason := _reason(instruction, stages):
            steps.append(UnrepeatableStep(instruction=instruction, reason=reason[0], hint=reason[1]))
        if instruction.keyword == "FROM":
            stages.add(str(sum(one.keyword == "FROM" for one in instructions[:number])))
            words = instruction.values
            if len(words) == 3 and words[1].upper() == "AS":  # noqa: PLR2004 - FROM image AS name
                stages.add(words[2].lower())
    return tuple(steps)


def _directives(text: str) -> dict[str, str]:
    """The parser directives, which stand at the very beginning."""
    found: dict[str, str] = {}
    for line in text.removeprefix("\ufeff").splitlines():
        match = _DIRECTIVE.fullmatch(line.strip())
        if match is None:
            break
        found.setdefault(match[1].lower(), match[2])
    return found


def _instructions(lines: Sequence[str], escape: str) -> Iterator[Instruction]:
    number = 0
    while number < len(lines):
        begin, parts = number, list[str]()
        while number < len(lines):
            line = lines[number].removeprefix("\ufeff").strip()
            number += 1
            if line.startswith("#") or (parts and not line):
                continue  # comments and empty lines do not end an instruction
            if not parts:
                begin = number
            parts.append(line.removesuffix(escape).strip() if line.endswith(escape) else line)
            if not line.endswith(escape):
                break
        keyword, _, arguments = " ".join(part for part in parts if part).partition(" ")
        if not keyword:
            continue
        heredocs = [match[2] for match in _HEREDOC.finditer(arguments)] if keyword.upper() in _WITH_HEREDOC else []
        for name in heredocs:
            number = _after_heredoc(lines, number, name)
        yield Instruction(line=begin, keyword=keyword.upper(), arguments=arguments.strip(), has_heredoc=bool(heredocs))


def _after_heredoc(lines: Sequence[str], number: int, name: str) -> int:
    """The number of the line after a here-document, whose text begins at ``number``."""
    for end in range(number, len(lines)):
        if lines[end].lstrip("\t") == name:
            return end + 1
    return number


def _is_for_buildkit(instruction: Instruction) -> bool:
    flags = {flag.partition("=")[0] for flag in instruction.flags}
    return instruction.has_heredoc or not flags.isdisjoint(_BUILDKIT_FLAGS.get(instruction.keyword, ()))


def _reason(instruction: Instruction, stages: set[str]) -> tuple[str, str] | None:
    """Why a step is not repeatable, and what to do about it."""
    if instruction.keyword == "RUN" and instruction.flag("--network") != "none":
        hint = "Copy what it downloads from the repository, or write RUN --network=none if it downloads nothing."
        return "The step can use the network, whose content changes.", hint
    if instruction.keyword == "ADD" and any(_REMOTE.match(word) for word in instruction.values):
        if instruction.flag("--checksum"):
            return None
        return "The step downloads a file that can change.", "Add --checksum=sha256:…, or COPY the file."
    image = ""
    if instruction.keyword == "FROM":
        image = next(iter(instruction.values), "")
    elif instruction.keyword == "COPY":
        image = instruction.flag("--from")
    if not image or image == "scratch" or image.lower() in stages or "@sha256:" in image:
        return None
    return f"The tag of {image} can be moved to another image.", "Add its digest: IMAGE:TAG@sha256:…."

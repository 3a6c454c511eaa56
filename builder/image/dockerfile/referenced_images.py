"""The images that a Dockerfile names: the base of its last stage, and those that it takes files from. Runs nothing.

Source: Docker's Dockerfile reference (FROM, stages, ``COPY --from``, ``RUN --mount=from=``, ARG before FROM), as of
2026-11-29.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from builder.image.base_image import UsedImage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from builder.image.dockerfile.dockerfile_instructions import Instruction

_VARIABLE: Final = re.compile(r"\$(?:(?P<plain>\w+)|\{(?P<name>\w+)(?::?-(?P<default>[^}]*))?\})", re.ASCII)
_SCRATCH: Final = "scratch"


def referenced_images(instructions: Sequence[Instruction]) -> tuple[UsedImage, ...]:
    """Every image that the Dockerfile names, each once, the base of the last stage first; without their digests.

    An image whose name depends on an ARG has the name that its default gives: the kit sets no build arguments.
    """
    defaults = dict(_defaults_before_from(instructions))
    stages: dict[str, str] = {}  # name or number of a stage -> the image that it begins with
    count, base = 0, ""
    named: dict[str, None] = {}
    for instruction in instructions:
        if instruction.keyword == "FROM":
            words = [_expanded(word, defaults) for word in instruction.values]
            base = stages.get(words[0].lower(), words[0]) if words else ""
            stages[str(count)] = base
            if len(words) == 3 and words[1].upper() == "AS":  # noqa: PLR2004 - FROM image AS name
                stages[words[2].lower()] = base
            named[base] = None
            count += 1
        else:
            named.update((name, None) for name in _sources(instruction) if name.lower() not in stages)
    others = [name for name in named if name not in {base, _SCRATCH, ""}]
    first = [base] if base not in {_SCRATCH, ""} else []
    return tuple(UsedImage(reference=name, digest="", is_base=name == base) for name in [*first, *others])


def _defaults_before_from(instructions: Sequence[Instruction]) -> Iterator[tuple[str, str]]:
    for instruction in instructions:
        if instruction.keyword == "FROM":
            return
        for word in instruction.values if instruction.keyword == "ARG" else ():
            name, _, value = word.partition("=")
            yield name, value.strip("\"'")


def _expanded(word: str, defaults: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return defaults.get(match["plain"] or match["name"]) or match["default"] or ""

    return _VARIABLE.sub(value, word)


def _sources(instruction: Instruction) -> Iterator[str]:
    """The stages and images that an instruction takes files from."""
    if instruction.keyword in {"COPY", "ADD"} and (source := instruction.flag("--from")):
        yield source
    for flag in instruction.flags if instruction.keyword == "RUN" else ():
        name, _, value = flag.partition("=")
        for option in value.split(",") if name == "--mount" else ():
            key, _, source = option.partition("=")
            if key == "from" and source:
                yield source

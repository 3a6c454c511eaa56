from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from builder.manifest.finding import Finding, shorten
from builder.platform.limits import ENVIRONMENT_VARIABLES_MAX
from builder.platform.reserved_variables import (
    BIOT_PREFIX,
    DISPLAY_NAME_VARIABLE,
    KEY_PATTERN,
    PLATFORM_VALUE_SIZES,
    RESERVED_NAMES,
    TREE_DIGEST_EXAMPLE,
    TREE_DIGEST_NAME,
    TREE_VERSION_EXAMPLE,
    TREE_VERSION_NAME,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from builder.manifest.rules.subject import Subject

_KEY = KEY_PATTERN
_TABLE = "environmentVariables"


def check(subject: Subject) -> Iterator[Finding]:
    """Keys fit Lambda's grammar and belong to the plugin, values are not empty, and all of it fits into 4 KB."""
    variables = {key: str(value) for key, value in subject.subtable(_TABLE).items()}
    for key, value in variables.items():
        if reason := _key_reason(key):
            message, hint = reason
            yield Finding(path=(_TABLE, key), message=message, hint=hint)
        elif not value:
            message = "The value is empty; BioT refuses that when a plugin is updated."
            yield Finding(path=(_TABLE, key), message=message, hint="Delete the line, or give it a value.")
    yield from _size(variables, subject.text("displayName"))


def environment_size(variables: Mapping[str, str]) -> int:
    """Bytes of the variables as Lambda counts them: the JSON text without spaces, in UTF-8."""
    return len(json.dumps(variables, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass"))


def platform_variables(display_name: str) -> dict[str, str]:
    """Variables that come on top of the plugin's own, with values as long as they are taken to be."""
    margin = {name: "x" * size for name, size in PLATFORM_VALUE_SIZES.items()}
    marks = {TREE_DIGEST_NAME: TREE_DIGEST_EXAMPLE, TREE_VERSION_NAME: TREE_VERSION_EXAMPLE}
    return {**margin, DISPLAY_NAME_VARIABLE: display_name, **marks}


def _key_reason(key: str) -> tuple[str, str] | None:
    if key in {TREE_DIGEST_NAME, TREE_VERSION_NAME}:
        return "The kit sets this variable itself, to say which artifact is published.", "Delete the line."
    if key.startswith(BIOT_PREFIX):
        message = f"Names that start with {BIOT_PREFIX} belong to BioT; its API refuses them."
        return message, f"Delete the line, or name it {key.removeprefix(BIOT_PREFIX) or 'MY_VARIABLE'}."
    if key in RESERVED_NAMES:
        return f"Lambda sets {key} itself and refuses a function that does.", "Delete the line, or use another name."
    if not re.fullmatch(_KEY, key):
        message = (
            f"{shorten(key) or 'An empty name'} cannot be a variable: a name starts with a letter, and at least one "
            "more letter, digit or underscore follows."
        )
        return message, "For example LOG_LEVEL."
    return None


def _size(variables: Mapping[str, str], display_name: str) -> Iterator[Finding]:
    share = platform_variables(display_name)
    size = environment_size({**share, **variables})
    if not variables or size <= ENVIRONMENT_VARIABLES_MAX:
        return
    own = environment_size(variables)
    yield Finding(
        path=(_TABLE,),
        message=(
            f"The variables take {own} bytes as JSON, and about {size - own} more that BioT and the kit add: "
            f"{size} together, where Lambda allows {ENVIRONMENT_VARIABLES_MAX}."
        ),
        hint="Move long values into a file of the plugin.",
    )

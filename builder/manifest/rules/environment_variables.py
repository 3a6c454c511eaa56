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

_TABLE = "environmentVariables"


def check(subject: Subject) -> Iterator[Finding]:
    """Names are valid and not reserved, values are not empty, and all together fit into 4 KB."""
    variables = {key: str(value) for key, value in subject.subtable(_TABLE).items()}
    for key, value in variables.items():
        if problem := _name_problem(key):
            message, hint = problem
            yield Finding(path=(_TABLE, key), message=message, hint=hint)
        elif not value:
            message = "The value must not be empty: BioT rejects it when the plugin is updated."
            yield Finding(path=(_TABLE, key), message=message, hint="Delete the line, or give it a value.")
    yield from _size(variables, subject.text("displayName"))


def environment_size(variables: Mapping[str, str]) -> int:
    """Size of the variables as Lambda counts it: bytes of the JSON text without spaces, in UTF-8."""
    return len(json.dumps(variables, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass"))


def platform_variables(display_name: str) -> dict[str, str]:
    """The variables that BioT and the kit add, with values of the assumed length."""
    of_biot = {name: "x" * size for name, size in PLATFORM_VALUE_SIZES.items()}
    of_kit = {TREE_DIGEST_NAME: TREE_DIGEST_EXAMPLE, TREE_VERSION_NAME: TREE_VERSION_EXAMPLE}
    return {**of_biot, DISPLAY_NAME_VARIABLE: display_name, **of_kit}


def _name_problem(key: str) -> tuple[str, str] | None:
    if key in {TREE_DIGEST_NAME, TREE_VERSION_NAME}:
        return "The kit sets this variable itself: it says which artifact is published.", "Delete the line."
    if key.startswith(BIOT_PREFIX):
        message = f"Names that start with {BIOT_PREFIX} are reserved for BioT."
        return message, f"Delete the line, or rename the variable to {key.removeprefix(BIOT_PREFIX) or 'MY_VARIABLE'}."
    if key in RESERVED_NAMES:
        return f"{key} is reserved for Lambda.", "Delete the line, or use another name."
    if not re.fullmatch(KEY_PATTERN, key):
        message = (
            f"{shorten(key) or 'An empty name'} is not a valid variable name: it must be a letter, followed by at "
            "least one letter, digit or underscore."
        )
        return message, "For example LOG_LEVEL."
    return None


def _size(variables: Mapping[str, str], display_name: str) -> Iterator[Finding]:
    size = environment_size({**platform_variables(display_name), **variables})
    if not variables or size <= ENVIRONMENT_VARIABLES_MAX:
        return
    own = environment_size(variables)
    yield Finding(
        path=(_TABLE,),
        message=(
            f"The environment variables are too large: {size} bytes as JSON, and Lambda allows "
            f"{ENVIRONMENT_VARIABLES_MAX}. Yours take {own}; BioT and the kit add about {size - own}."
        ),
        hint="Move long values into a file of the plugin.",
    )

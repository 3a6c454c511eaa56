"""Which plugin an answer is about. Pure.

BioT puts ``Plugin-`` before every name and documents that paths take the result, the full name. Whether ``name`` in
answers is the full name it leaves open, and a server may take both forms in paths. So an answer named ``Plugin-vic``
is about ``vic`` or about another plugin whose own name is ``Plugin-vic`` and whose full name is ``Plugin-Plugin-vic``.
"""

from __future__ import annotations

import re
from typing import Final

from builder.platform.limits import NAME_PREFIX

_FULL_NAMES: Final = re.compile(rf"(?<![A-Za-z0-9_-]){NAME_PREFIX}[A-Za-z0-9_-]{{1,128}}")


def bare_name(name: str) -> str:
    """The plugin's own name, of a full one; a name without ``Plugin-`` as it is."""
    return name.removeprefix(NAME_PREFIX)


def full_name(name: str) -> str:
    """The name that BioT, its paths and Lambda have for the plugin of this name."""
    return NAME_PREFIX + name


def is_akin(answered: str, name: str) -> bool:
    """Whether two names differ by nothing but how often ``Plugin-`` stands before them."""
    shorter, longer = sorted((answered, name), key=len)
    return longer.endswith(shorter) and not longer.removesuffix(shorter).replace(NAME_PREFIX, "")


def certain_name(answered: str, console_url: str) -> str | None:
    """The own name of the plugin that an answer is about, or None when the answer alone does not tell.

    Args:
        answered: The answer's ``name``.
        console_url: Its ``linkToConsole``, which leads to the function, and a function has the full name.
    """
    if not answered.startswith(NAME_PREFIX):
        return answered
    linked = _FULL_NAMES.findall(console_url[:4096])
    if full_name(answered) in linked:
        return answered
    return bare_name(answered) if answered in linked else None

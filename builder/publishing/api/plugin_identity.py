"""Which plugin a response is about. Pure.

BioT prepends ``Plugin-`` to every name, and documents that paths take the full name. It does not document whether
``name`` in responses is the full name, and a server may accept both forms in paths. So a response named ``Plugin-vic``
is about ``vic``, or about another plugin with the own name ``Plugin-vic`` and the full name ``Plugin-Plugin-vic``.
"""

from __future__ import annotations

import re
from typing import Final

from builder.platform.limits import NAME_PREFIX

_FULL_NAMES: Final = re.compile(rf"(?<![A-Za-z0-9_-]){NAME_PREFIX}[A-Za-z0-9_-]{{1,128}}")


def bare_name(name: str) -> str:
    """The plugin's own name, without a leading ``Plugin-``."""
    return name.removeprefix(NAME_PREFIX)


def full_name(name: str) -> str:
    """The name of the plugin in BioT's paths and in Lambda."""
    return NAME_PREFIX + name


def is_akin(answered: str, name: str) -> bool:
    """Whether two names differ only in how often ``Plugin-`` is prepended."""
    shorter, longer = sorted((answered, name), key=len)
    return longer.endswith(shorter) and not longer.removesuffix(shorter).replace(NAME_PREFIX, "")


def certain_name(answered: str, console_url: str) -> str | None:
    """The own name of the plugin that a response is about, or None when the response alone does not decide it.

    Args:
        answered: The response's ``name``.
        console_url: Its ``linkToConsole``, which contains the function's name: the full name.
    """
    if not answered.startswith(NAME_PREFIX):
        return answered
    linked = _FULL_NAMES.findall(console_url[:4096])
    if full_name(answered) in linked:
        return answered
    return bare_name(answered) if answered in linked else None

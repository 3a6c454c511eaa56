"""Names of Python packages, in the form in which they are compared.

A module of its own: "nothing changed" needs this function, and none of the other modules about packages.
"""

from __future__ import annotations

import re


def normalized_name(name: str) -> str:
    """A Python package's name in its normalized form (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()

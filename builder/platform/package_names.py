"""Names of Python packages, in the form in which they are compared."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def normalized_name(name: str) -> str:
    """A Python package's name in its normalized form (PEP 503): ``backports.tarfile`` as ``backports-tarfile``."""
    return re.sub(r"[-_.]+", "-", name).lower()

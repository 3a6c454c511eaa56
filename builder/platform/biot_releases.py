"""Which releases of BioT the kit's client was written for.

Source: BioT's published OpenAPI specifications, all 38 releases from 2.2.7 to 2.4.2 compared.
"""

from __future__ import annotations

AS_OF = "2026-11-20"

OLDEST = (2, 3, 7)
"""The first whose v2 plugin API takes the parts ``config`` and ``code``; the ones before call them otherwise."""
NEWEST_REVIEWED = (2, 4, 2)
"""The newest whose specification was read."""

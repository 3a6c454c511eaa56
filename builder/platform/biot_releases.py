"""The releases of BioT that the kit's client supports.

Source: BioT's published OpenAPI specifications, all 38 releases from 2.2.7 to 2.4.2 compared.
"""

from __future__ import annotations

AS_OF = "2026-11-20"

OLDEST = (2, 3, 7)
"""The first release whose v2 plugin API has the parts ``config`` and ``code``; earlier ones name them differently."""
NEWEST_REVIEWED = (2, 4, 2)
"""The newest release whose specification was reviewed."""

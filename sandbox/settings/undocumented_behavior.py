"""What BioT does and does not document, decided here in one place until a real tenant has been asked.

Whoever knows better changes a value, and everything answers accordingly from the next start on.
"""

from __future__ import annotations

PREFIXED_NAMES = False
"""Whether ``name`` in answers carries ``Plugin-``. BioT's deployment guide shows it without, and its generated client
takes at most 57 characters there, which the prefixed form of a long name would exceed."""

MOVED_ORDERS_SHOWN = False
"""Whether ``subscriptions`` in answers show the order to which another subscription pushed an interception, or the one
that was asked for. BioT documents that it pushes, and not where one can see it besides the dispatcher."""

SYSTEM_VARIABLES_SHOWN = False
"""Whether ``environmentVariables`` in answers has the platform's own. Not documented; they hold a secret."""

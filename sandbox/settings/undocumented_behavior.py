"""Behaviour that BioT does not document, decided here in one place until it can be checked with a real tenant.

If you know better, change the value here; it applies from the next start.
"""

from __future__ import annotations

PREFIXED_NAMES = False
"""Whether ``name`` in responses has the prefix ``Plugin-``. BioT's deployment guide shows it without, and BioT's
generated client accepts at most 57 characters there, which a long name with prefix would exceed."""

MOVED_ORDERS_SHOWN = False
"""Whether ``subscriptions`` in responses show the order to which another subscription moved an interception, instead of
the requested one. BioT documents that it moves them, but not whether responses other than the dispatcher's show it."""

SYSTEM_VARIABLES_SHOWN = False
"""Whether ``environmentVariables`` in responses include the platform's, one of which is a secret."""

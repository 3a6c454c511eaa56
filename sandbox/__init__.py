"""A local BioT: the platform's API on loopback, for a laptop and for tests. It is no BioT and holds no real data."""

from __future__ import annotations

PORT = 2468
"""Where a local BioT listens unless told otherwise: B-I-O-T on a telephone."""
ADMIN = "admin@biot.local"
"""The user name of its administrator; BioT's users log in with mail addresses."""

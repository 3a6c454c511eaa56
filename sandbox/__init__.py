"""A local BioT: the platform's API on loopback, for laptops and tests. It is not a real BioT and holds no real data.

Rooms: ``settings``, ``ums`` and ``dispatcher`` are BioT's services; ``web`` is what their routes share; ``search`` is
BioT's search language; ``faults`` makes requests fail on demand. ``server`` starts everything on a socket. The package
never sends anything over a network and never runs a plugin.
"""

from __future__ import annotations

PORT = 2468
"""The default port: B-I-O-T on a telephone keypad."""
ADMIN = "admin@biot.local"
"""The administrator's user name; BioT's users log in with e-mail addresses."""

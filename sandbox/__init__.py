"""A local BioT: the platform's API on loopback, for laptops and tests. It is not a real BioT and holds no real data.

``settings``, ``ums``, ``dispatcher`` and ``entities`` are BioT's services; ``web`` is what their routes share, and
``search`` is BioT's search language. ``functions`` runs plugins as Lambda does, and ``endpoints`` gives each of them a
URL. ``hooks`` and ``cron`` decide when BioT calls them, ``activity`` records every call, and ``trigger``, ``replay``,
``event_files`` and ``direct_calls`` are the work behind commands. ``faults`` makes requests fail on demand. ``server``
starts everything on a socket.

Only loopback can reach it. It sends requests to the endpoints that somebody subscribed, and fetches the runtime clients
of plugins once, by hash; it sends nothing else.
"""

from __future__ import annotations

PORT = 2468
"""The default port: B-I-O-T on a telephone keypad."""
ADMIN = "admin@biot.local"
"""The administrator's user name; BioT's users log in with e-mail addresses."""

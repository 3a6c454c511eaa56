"""``tox -e repro``: the same bytes in 64 environments, and attacks on artifacts, archives and builds."""

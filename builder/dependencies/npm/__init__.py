"""npm packages: from package.json and ``package-lock.json`` to packs.

``npm_packages`` reads, checks and writes the lock; ``npm_packs`` turns each tarball into a pack once. Inside: the
lock's entries (``package_lock``), the graph of requirements (``npm_graph``), ranges and overrides as npm reads them,
packages of the repository (``local_packages``, ``local_links``), and the one module that starts npm (``npm_client``).

Never runs an install script, and never follows an address in a lock: ``integrity`` alone identifies a package.
"""

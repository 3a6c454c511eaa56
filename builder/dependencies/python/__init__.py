"""Python packages: from the declared requirements to ``requirements.lock`` and wheels, which are packs as they are.

``python_packages`` reads and writes the lock and collects the wheels. Inside: uv chooses versions (``uv``), pip fetches
(``pip_client``, ``wheels``) and builds what is published as source only (``source_packages``); ``missing_wheels``
explains why no wheel fits; ``dev_lock`` locks the tests' packages.

Never installs a package, and never runs a package's code except to build the packages in ``[build] allow-sdist``.
"""

"""Python packages: choose versions with uv, fetch wheels with pip, and build the few that exist only as source.

Never installs anything and never runs a package's code, except the build backend of packages in ``allow-sdist``.
"""

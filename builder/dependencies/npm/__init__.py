"""npm packages: read and prove ``package-lock.json``, fetch tarballs, and turn each into a pack once.

Never runs an install script.
"""

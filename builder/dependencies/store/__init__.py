"""The store of packs on this machine, and the bucket that several machines may share behind it.

Every pack is found by its content's digest. Never chooses a package or a version.
"""

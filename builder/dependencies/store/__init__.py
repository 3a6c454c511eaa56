"""The store of packs on this machine, and the bucket that several machines can share.

Inside: the store (``pack_store``, ``pack_index``), layers of container images
(``layer_store``), the listing and pruning of both (``maintenance``), packs compressed again
(``recompression``), and the shared store (``shared_store`` over a bucket, within a ``time_limit``).

Every pack has a key that is a digest, and is hashed each time it is used. Never chooses a package or a version, and
never fails a build because the shared store fails.
"""

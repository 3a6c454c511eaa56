"""ZIP files: a strict reader, and a writer that gives the same bytes on every machine.

``reader`` checks an archive and lists its members; ``directory`` reads its headers, ``entry_paths``
checks its paths, and ``archive_problems`` collects what is wrong. ``writer`` writes an archive of
entries, which ``compression`` creates. ``layout`` has the format's records for both.
``tree_digest`` and ``package_sizes`` describe the contents. ``atomic_files`` writes files
completely or not at all, and ``cached_results`` stores small results as packs.

Nothing here knows plugins, locks or BioT. ``deflate`` and ``unicodedata`` are imported inside
functions, because many commands need neither.
"""

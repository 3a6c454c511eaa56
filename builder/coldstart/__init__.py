"""Makes an artifact smaller and its first call faster, where the manifest asks for it; by default, nothing happens.

It offers ``prune_packs``, ``optimize`` and advice on the settings of ``[build]``. It never changes
what the plugin does. The plugin's code runs only with ``precompile = true``, and then in an
isolated process.
"""

"""Plugins that somebody edits on this machine: where their settings differ from plugin.toml, and making both agree.

``watched_files`` knows which plugin.toml a plugin comes from, ``settings_drift`` compares it with the plugin without
I/O, ``toml_edits`` changes its text without touching comments, and ``file_agreement`` reads and writes.
"""

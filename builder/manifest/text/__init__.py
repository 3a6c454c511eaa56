"""The text of plugin.toml: its tokens, characters and line numbers, before anything is known about its meaning.

Never knows a key of the manifest.
"""

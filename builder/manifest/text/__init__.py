"""The text of plugin.toml before its keys have a meaning: tokens, characters, line numbers, syntax errors.

Offers ``parse_toml``, ``line_numbers`` and ``snippet``. Knows no key of the manifest: callers
tell it what a value must be.
"""

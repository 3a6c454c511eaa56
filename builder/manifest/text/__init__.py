"""The text of plugin.toml before its keys have a meaning: tokens, characters, line numbers, syntax errors.

Offers ``parse_toml``, ``line_numbers`` and ``snippet``. Knows no key of the manifest: what a value must
be, it is told by its callers.
"""

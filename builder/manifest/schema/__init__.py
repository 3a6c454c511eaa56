"""The JSON Schema of plugin.toml: keys, types and simple bounds, and the findings about what violates them.

Offers ``schema()`` and ``check_schema()``. Never looks at the meaning of a value; that is for the rules.
"""

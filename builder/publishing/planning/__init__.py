"""Planning: compare the plugin as plugin.toml describes it with the plugin as BioT has it.

Offers plans, and plans saved to a file. Never sends a request.
"""

"""A plugin on one's own account: its subscriptions in the dispatcher become those of plugin.toml.

Offers a plan, and a run that carries it out and records it.
"""

"""Playground: cause a call, with a body that is checked while somebody writes it, or with a plugin's own events.

``body_problems`` and ``json_lines`` decide, without I/O; ``plugin_fixtures`` reads the folder ``events`` of watched
plugins; ``playground_pages`` answers requests.
"""

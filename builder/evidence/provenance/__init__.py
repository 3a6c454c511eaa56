"""Provenance: an in-toto statement about a build (``statement``), and its signature (``signing``).

Nothing here asks a server.
"""

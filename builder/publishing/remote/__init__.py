"""Requests other than publishing: enable, delete, subscribe, list, and check the connection.

Never builds or publishes an artifact.
"""

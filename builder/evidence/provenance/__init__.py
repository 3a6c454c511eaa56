"""Provenance: an in-toto statement about a build, and its signature. Never asks a server."""

"""Entities as JSON that somebody reads and edits, changed through BioT's own APIs, so that plugins are called."""

"""A BioT plugin. Start reading at ``flow.py``; edit only what is in ``perform``."""

"""A Docker engine of its own for the measurements, and base images made of this machine's files."""

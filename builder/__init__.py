"""BioT plugins: from ``plugin.toml`` to an artifact that AWS Lambda runs."""

__version__ = "0.1.0"

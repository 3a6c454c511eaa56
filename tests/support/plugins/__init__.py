"""Plugins and packages for tests: manifests, sources, locks, and packaged plugins that are called as Lambda does."""

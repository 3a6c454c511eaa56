"""The tests of this plugin: run them with ``tox -e test``."""

"""The plugin as an HTTP server on your own account: ``python -m server``. On BioT's account Lambda does this."""

"""The settings service: plugins, and what a publisher looks up first (BioT OpenAPI specification 2.4.2, settings)."""

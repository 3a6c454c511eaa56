"""Subscriptions of the local BioT (BioT OpenAPI specification 2.4.2, dispatcher)."""

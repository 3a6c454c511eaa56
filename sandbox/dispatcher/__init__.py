"""The dispatcher: subscriptions to notifications and interceptions (BioT OpenAPI specification 2.4.2, dispatcher)."""

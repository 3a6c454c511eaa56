"""Log-ins, tokens and permissions of the local BioT (BioT OpenAPI specification 2.4.2, ums)."""

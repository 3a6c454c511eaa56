"""UMS: users, service users, log-ins and tokens (BioT OpenAPI specification 2.4.2, ums)."""

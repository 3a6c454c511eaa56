"""HTTP as the whole kit speaks it: connections with time limits, certificates, retries, and texts that stay secret.

``s3_bucket`` is the one part that does not use it: there, boto3 makes the requests.

It knows neither BioT's API nor a registry's: ``builder.publishing`` and ``builder.registry`` do.
"""

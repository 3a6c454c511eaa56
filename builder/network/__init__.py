"""HTTP as the whole kit speaks it: connections with time limits, certificates, retries, and texts that stay secret.

It knows neither BioT's API nor a registry's: ``builder.publishing`` and ``builder.registry`` do.
"""

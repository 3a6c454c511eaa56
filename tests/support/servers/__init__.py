"""Servers on loopback: package registries, S3, Lambda's Runtime API, proxies and raw HTTP."""

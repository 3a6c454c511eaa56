"""BioT's HTTP API (specification 2.4.2): requests, retries, and responses read without trust.

Offers ``BiotClient`` and its ``Dispatcher`` with one method per operation. Never decides what should be published.
"""

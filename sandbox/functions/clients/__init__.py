"""The programs that run a function: an interpreter of the runtime's version, and Lambda's own runtime client for it.

``python_client`` and ``node_client`` find or install them; ``locks`` has their versions and hashes.
"""

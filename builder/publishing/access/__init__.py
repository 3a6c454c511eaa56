"""Access to an environment of BioT: credentials, where they are stored, and access tokens.

Offers ``open_client``. Never prints a credential, and stores one only when the user asks for it.
"""

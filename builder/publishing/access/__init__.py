"""Access to an environment of BioT: credentials, where they are stored, and the tokens that they give.

Offers ``connect``. Never prints a credential and never writes one that the user did not ask it to keep.
"""

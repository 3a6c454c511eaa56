"""What every route of the local BioT shares: request bodies, errors in BioT's format, and the guard in front of them.

Knows no service.
"""

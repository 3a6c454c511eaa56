"""What all routes of the local BioT share: request bodies, errors in BioT's format, permissions, the guard and the log.

This room imports no service.
"""

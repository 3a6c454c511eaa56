"""Known vulnerabilities: compare an SBOM with a copy of the OSV database on disk.

``vulnerabilities`` reads the SBOM and the copy, ``osv`` decides whether an entry affects a version,
and ``version_order`` compares versions. Nothing here asks a server.
"""

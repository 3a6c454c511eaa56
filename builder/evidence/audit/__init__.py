"""Known vulnerabilities: an SBOM compared with a copy of the OSV database on disk. Never asks a server."""

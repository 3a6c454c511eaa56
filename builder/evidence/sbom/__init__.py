"""The SBOM: package metadata, licences, and which package every file of an artifact belongs to, as CycloneDX.

Never looks at anything outside the artifact and its lock.
"""

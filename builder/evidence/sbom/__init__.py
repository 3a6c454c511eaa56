"""The SBOM: the metadata of every package, and the package of every file, as CycloneDX.

``package_reader`` reads the packages, and ``package_analysis`` caches what it read. ``inventory``
attributes every file of the artifact to a component, ``cyclonedx`` writes the SBOM, and
``licences`` collects the licence texts. ``sbom_reader`` reads an SBOM file again.

Nothing here looks outside the artifact and its lock.
"""

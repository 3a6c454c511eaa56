"""A local BioT: the platform's API on loopback, for a laptop and for tests. It is no BioT and holds no real data."""

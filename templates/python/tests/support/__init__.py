"""What the tests stand on: a BioT on this machine, and tokens signed by it."""

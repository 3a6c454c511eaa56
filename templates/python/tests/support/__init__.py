"""What the tests use: a fake BioT on this machine, events, and tokens that it has signed."""

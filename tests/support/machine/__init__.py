"""The machine around a test: busy cores, killed processes and a keyring."""

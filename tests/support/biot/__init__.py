"""Stand-ins for BioT besides the local BioT: its API for a called plugin, a model for publishing, and its tokens."""

"""Pages that BioT's console does not have: what only a local BioT knows, and may change."""

"""Templates: what the entities of one kind have in common."""

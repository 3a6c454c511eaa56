"""What an entity type consists of: attributes and their checks, parent, errors and searchable properties."""

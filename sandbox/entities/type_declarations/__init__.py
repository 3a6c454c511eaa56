"""The entities of BioT as types in the language of a plugin, so that a type checker finds a misspelt attribute."""

"""Tokens of the local BioT: its key pairs, and their signatures."""

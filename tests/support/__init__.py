"""Doubles with behaviour, and inputs for tests, in rooms by what they stand for."""

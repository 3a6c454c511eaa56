"""The history of a plugin for people: its versions, what changed between two of them, and the way back to one."""

"""Make a recorded call again, as it was or edited.

``recorded_calls`` reads what a chain began with, without I/O; ``routes`` repeats it. Tokens are not recorded, so a
call is repeated as the administrator, and every call of a plugin gets a new token.
"""

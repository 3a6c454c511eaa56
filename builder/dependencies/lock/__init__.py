"""``requirements.lock`` and what it is made from: requirements, their files, and the proof that a lock is complete.

Never downloads a package.
"""

"""Records of every publish on this machine: the journal, retained releases, and how a publish ended.

Offers what ``history`` shows and what ``rollback`` publishes again. Never sends a request.
"""

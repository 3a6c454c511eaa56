"""Everything that happened on a local BioT: API calls, events, schedules and direct calls, each with its chain.

``activity_recorder.ActivityRecorder`` is informed by the hooks and writes in a thread of its own; ``activity_file`` is
the SQLite file beside the database, bounded by count and size; ``chain_documents`` describes a chain as JSON, without
tokens. ``routes`` serves all of it to ``biot-plugin activity`` and ``why``.
"""

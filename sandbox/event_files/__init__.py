"""Events for a plugin's own tests, made of recorded calls: ``saved_events``, with ``pseudonyms`` for every value."""

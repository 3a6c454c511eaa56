"""Events for a plugin's folder ``events``: an example of each hook, and events made of recorded calls.

``event_reading`` reads such a file; ``example_events`` has the examples; ``saved_events`` makes an event of a recorded
call, with ``pseudonyms`` for every value, and ``fixture_files`` writes it with its test.
"""

"""Direct calls: one event for a plugin's function, without an API call around it.

``call_events`` finds or makes the event, with a really signed token; ``local_function`` is the artifact with BioT's
variables; ``call_outcome`` says what the answer means.
"""

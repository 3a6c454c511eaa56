"""Trigger what plugins are called for: an API call, an action on an entity, or an event that no API causes.

Not part of BioT. ``biot-plugin trigger`` sends its request to ``routes``. ``trigger_plans`` says which API calls an
action needs, ``example_bodies`` writes their bodies, ``event_breaks`` breaks what a plugin receives on purpose, and
``chain_report`` describes what happened.
"""

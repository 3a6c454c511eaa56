"""The rules of the hooks. Nothing here does I/O.

``called_api``: which API a request calls. ``subscription_matching``: which subscriptions match and why others do not.
``hook_events``: what a plugin receives. ``hook_answers``: how an answer changes the request or the response.
``traces``: which call of a plugin a request belongs to. ``planned_faults``: what goes wrong on purpose.
``undocumented_hooks``: what BioT's documents leave open.
"""

"""The entities of a local BioT: patients, devices, alerts and so on.

``types`` describes each entity type as data; ``operations`` is the one implementation of create, read, update and
delete, ``searching`` of searches; ``state_changes`` has the operations beyond these, and ``rules`` what one type needs
beyond its description. For hooks: ``entity_calls`` tells which API a request is, and each successful change is noted in
the scope of its request.
"""

"""One chain of the activity: what happened when, and any two points of it compared.

``chain_steps``, ``chain_timeline``, ``chain_points``, ``folded_diff`` and ``copied_calls`` decide what the page shows,
without I/O; ``chain_routes`` and ``fixture_pages`` answer requests.
"""

"""Whom BioT calls around an API call, in which order, and what happens to the answers.

``hook_layer.HookLayer`` is an ASGI layer around the routes of the entities, which know nothing of it: it runs an
``api_chain.ApiCallChain`` for every call. Everything that decides is in ``rules``, without I/O. Every step is reported
to a ``hook_reports.HookObserver``.

Sources: BioT's guides to interceptor and notification plugins, its OpenAPI specification 2.4.2, and the events in the
tests of BioT's public samples. Where they are silent, ``rules.undocumented_hooks`` has the choice.
"""

"""What BioT does around a call is documented only in part; these are the choices of the local BioT, in one place.

Each choice is the strictest one that fits the documents, so that a plugin that works here works there.

- Only an authenticated caller reaches the interceptors, because their event names the caller.
- ADAPT_ENTITY, POST_REQUEST and notifications follow a successful answer of the API (2xx) only.
- A PRE_REQUEST plugin may change the path. The remaining PRE_REQUEST plugins are those of the API that was called
  first; ADAPT_ENTITY, POST_REQUEST and notifications are those of the API that ran.
- An interceptor that cannot be reached, or whose 2xx answer cannot be used, fails the call with 500; one that does not
  answer in time, with 504. The guide says this only of answers other than 2xx.
- A plugin may also answer with a JSON text that contains the JSON object: BioT's Python sample does.
- The entity of the notification of a deletion is the entity as it was.
- Notifications of one plugin are delivered one after the other, in the order of the calls.
"""

from __future__ import annotations

OWN_ENDPOINT_TIMEOUT_SECONDS = 30
"""How long an endpoint outside of BioT may take. For a plugin it is its own ``timeout``."""
PLUGIN_GRACE_SECONDS = 15
"""Added to a plugin's ``timeout``: a cold start (10 s at most) comes first, and Lambda itself reports the timeout."""
ANSWER_MAX = 6_291_556
"""Bytes of an answer: the limit of a Lambda function's response. BioT publishes none."""
DEPTH_MAX = 10
"""How deep calls that plugins cause may be nested. BioT publishes no bound; here a loop ends with an explanation."""
HOOK_TOKEN_MINUTES = 30
"""How long the token of a hook is valid, as in the events of BioT's samples."""
HOOK_TOKEN_REUSE_SECONDS = 60
"""How long BioT reuses a token: the samples' events have tokens that are 5 and 30 seconds old."""
PLATFORM_SERVICE_USER = "00000000-0000-4000-8000-0000000000b1"
"""``serviceUserId`` in the tokens of hooks. There is no such account: a plugin that sends this token gets 401."""

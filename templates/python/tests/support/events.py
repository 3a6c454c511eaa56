"""Events as BioT sends them: the examples in ``events/``, with the changes that a test makes.

Everything else stays as it is in the example. The events contain a genuine token; ``token=""`` leaves it out.
"""

import json
from pathlib import Path
from typing import Any

from plugin.hooks import HOOKS
from tests.support.tokens import make_token

FOLDER = Path(__file__).parents[2] / "events"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def example(name: str, token: str | None = None) -> dict[str, Any]:
    """Return ``events/<name>.json``."""
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    own_token = genuine_token(json.loads(text)) if token is None else token
    event: dict[str, Any] = json.loads(text.replace("<token>", own_token))
    return event


def notification(
    entity: dict[str, Any] | None = None,
    *,
    old_entity: dict[str, Any] | None = None,
    metadata: dict[str, Any] | None = None,
    token: str | None = None,
) -> dict[str, Any]:
    """Return a notification about this entity. The metadata, such as ``actionName``, is merged into the example's."""
    event = example("notification", token)
    content = json.loads(event["body"])
    content["metadata"] |= metadata or {}
    if entity is not None:
        content["data"]["entity"] = entity
    if old_entity is not None:
        content["data"]["additionalData"]["oldEntity"] = old_entity
    return {**event, "body": json.dumps(content)}


def interceptor_pre(
    body: object = None,
    *,
    request: dict[str, Any] | None = None,
    metadata: dict[str, Any] | None = None,
    token: str | None = None,
) -> dict[str, Any]:
    """Return the interception of a request with this body.

    Args:
        body: The JSON that the user sent.
        request: Other parts of the request: ``path``, ``queryParameters``, ``headers``.
        metadata: Its metadata: ``method``, ``apiId``, ``entityName``, ``initiatorData``.
        token: A token to use instead of BioT's own.
    """
    changes = {**(request or {}), **({} if body is None else {"body": body})}
    return interception("interceptor_pre", {"request": changes}, metadata, token)


def interceptor_post(
    body: object = None, *, metadata: dict[str, Any] | None = None, token: str | None = None
) -> dict[str, Any]:
    """Return the interception of a response with this body, the JSON that the API answered."""
    changes = {} if body is None else {"body": body}
    return interception("interceptor_post", {"response": changes}, metadata, token)


def interceptor_post_entity(
    entities: list[dict[str, Any]] | None = None, *, metadata: dict[str, Any] | None = None, token: str | None = None
) -> dict[str, Any]:
    """Return the interception of a response with these entities."""
    changes = {} if entities is None else {"entities": entities}
    return interception("interceptor_post_entity", {"response": changes}, metadata, token)


def http(
    body: object = None,
    *,
    method: str = "POST",
    path: str = "/hello",
    query: dict[str, str] | None = None,
    token: str | None = None,
) -> dict[str, Any]:
    """Return a direct call of the plugin's URL."""
    event = example("http", token)
    event["requestContext"]["http"] |= {"method": method, "path": path}
    event["rawPath"] = path
    if body is not None:
        event["body"] = json.dumps(body)
    if query is not None:
        event["queryStringParameters"] = query
    return event


def cron() -> dict[str, Any]:
    """Return the event of the cron schedule."""
    return example("cron")


def interception(
    name: str, changes: dict[str, dict[str, Any]], metadata: dict[str, Any] | None, token: str | None
) -> dict[str, Any]:
    """Return the example with these changes of its request or response."""
    event = example(name, token)
    content = {**json.loads(event["body"]), **(metadata or {})}
    for key, values in changes.items():
        content[key] |= values
    return {**event, "body": json.dumps(content)}


def genuine_token(event: dict[str, Any]) -> str:
    """Return a token that allows this event; for a direct call, with the scopes that the author requires."""
    hooktype = event.get("headers", {}).get("hooktype")
    if hooktype == "NOTIFICATION":
        return make_token("platform-notification")
    if hooktype is not None or is_cron(event):
        return make_token("platform-interceptor")
    return make_token({"like": "user", "claims": {"scopes": ["PROTECTED_API", *HOOKS["nonspecific"].scopes]}})


def is_direct(name: str) -> bool:
    """Return whether ``events/<name>.json`` is a direct call or a cron event: BioT sends neither as a hook."""
    return "hooktype" not in example(name, token="").get("headers", {})


def is_cron(event: dict[str, Any]) -> bool:
    """Return whether an event is one of the cron schedule."""
    return "requestContext" not in event

"""Reads the table of cases and says what its rows mean; "about" in cases.json explains the words."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plugin.context import Context
from plugin.errors import PluginError
from plugin.hook import Hook
from tests.support.fake_biot import PATIENT_ID, PATIENTS
from tests.support.tokens import make_token

TABLE = Path(__file__).parent.parent / "cases.json"
DEFAULT_REMAINING_SECONDS = 30


def read_cases(hooks: set[str]) -> list[dict[str, Any]]:
    """Return the rows for the hooks that this plugin has."""
    rows: list[dict[str, Any]] = json.loads(TABLE.read_text(encoding="utf-8"))["cases"]
    return [row for row in rows if row["hook"] is None or row["hook"] in hooks]


def make_event(event: object, token: str) -> object:
    """Return the event of a row, with its body as Lambda passes it on."""
    event = json.loads(json.dumps(event).replace("<token>", token))
    if isinstance(event, dict) and "json_body" in event:
        event["body"] = json.dumps(event.pop("json_body"))
    if isinstance(event, dict) and "base64_body" in event:
        text = json.dumps(event.pop("base64_body"), ensure_ascii=False)
        event |= {"body": base64.b64encode(text.encode()).decode(), "isBase64Encoded": True}
    return event


def make_hooks(row: dict[str, Any], names: set[str]) -> dict[str, Hook]:
    """Return a registry whose hooks all do what the row says."""
    perform = PERFORMS[row.get("perform", "echo")]
    return {
        name: Hook(
            perform=perform,
            require_token=not row.get("open", False),
            scopes=tuple(row.get("direct_scopes", ())),
        )
        for name in names
        if not (row.get("absent") and name == row["hook"])
    }


@dataclass(frozen=True)
class LambdaContext:
    """What Lambda passes on beside the event."""

    remaining_seconds: float

    def get_remaining_time_in_millis(self) -> int:
        return int(self.remaining_seconds * 1000)


def make_lambda_context(row: dict[str, Any]) -> LambdaContext:
    return LambdaContext(row.get("remaining_seconds", DEFAULT_REMAINING_SECONDS))


def tokens_of(row: dict[str, Any]) -> list[str]:
    """Return the token of every call of a row, in their order."""
    own = [make_token(row["token"])] * row.get("calls", 1)
    return [*(make_token(earlier) for earlier in row.get("earlier_tokens", [])), *own]


def echo(data: object, _: Context) -> object:
    return data


def keep(_: object, __: Context) -> None:
    return None


def change(data: dict[str, Any], context: Context) -> object:
    if context.hook in {"interceptor_pre", "interceptor_post"}:
        data["body"]["changed"] = True
        return data
    if context.hook == "interceptor_post_entity":
        for entity in data["entities"]:
            entity["changed"] = True
        return data
    return {"changed": True}


def change_and_keep(data: dict[str, Any], context: Context) -> None:
    change(data, context)


def reject(_: object, __: Context) -> object:
    raise PluginError(409, "MODIFICATION_FORBIDDEN", "Not on weekends")


def crash(_: object, __: Context) -> object:
    raise RuntimeError("secret-internal-detail")


def call_biot(data: dict[str, Any], context: Context) -> object:
    patient = context.biot.get(f"{PATIENTS}/{PATIENT_ID}")
    if context.hook == "nonspecific":
        return patient
    if context.hook in {"interceptor_pre", "interceptor_post"}:
        data["body"]["fetched"] = patient
    return None


def write_log(_: object, context: Context) -> None:
    context.log.info("perform was here")


def respond(_: object, __: Context) -> object:
    return {"statusCode": 201, "headers": {"location": "/things/1"}, "body": {"made": True}}


def show_context(_: object, context: Context) -> object:
    return {
        "hook": context.hook,
        "trigger": context.trigger,
        "traceId": context.trace_id,
        "metadata": context.metadata,
        "claims": sorted(context.claims),
    }


def return_text(_: object, __: Context) -> object:
    return "not an object"


PERFORMS: dict[str, Callable[[Any, Context], object]] = {
    "echo": echo,
    "keep": keep,
    "change": change,
    "change_and_keep": change_and_keep,
    "reject": reject,
    "crash": crash,
    "call_biot": call_biot,
    "log": write_log,
    "respond": respond,
    "show_context": show_context,
    "return_text": return_text,
}

"""Reads the table of cases and interprets its rows; "about" in cases.json explains the words."""

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plugin.hook import Hook
from tests.support.fake_biot import error_answer
from tests.support.tokens import make_token
from tests_kit.performs import PATIENT, PATIENT_ID, PATIENTS, PERFORMS

TABLE = Path(__file__).parent / "cases.json"
DEFAULT_REMAINING_SECONDS = 30


def read_cases(hooks: set[str]) -> list[dict[str, Any]]:
    """Return the rows for the hooks that this plugin has."""
    rows: list[dict[str, Any]] = json.loads(TABLE.read_text(encoding="utf-8"))["cases"]
    return [row for row in rows if row["hook"] is None or row["hook"] in hooks]


def make_event(event: object, token: str) -> object:
    """Return the event of a row, with its body as Lambda passes it."""
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
    """What Lambda passes in addition to the event."""

    remaining_seconds: float

    def get_remaining_time_in_millis(self) -> int:
        return int(self.remaining_seconds * 1000)


def make_lambda_context(row: dict[str, Any]) -> LambdaContext:
    return LambdaContext(row.get("remaining_seconds", DEFAULT_REMAINING_SECONDS))


def tokens_of(row: dict[str, Any]) -> list[str]:
    """Return the token of every call of a row, in order."""
    own = [make_token(row["token"])] * row.get("calls", 1)
    return [*(make_token(earlier) for earlier in row.get("earlier_tokens", [])), *own]


def patient_answers(row: dict[str, Any]) -> dict[str, object]:
    """Return what the fake BioT answers to the double call_biot."""
    answers: dict[str, object] = {
        "ok": PATIENT,
        "404": error_answer(404, "ENTITY_NOT_FOUND", "patient-data"),
        "500": error_answer(500, "INTERNAL_SERVER_ERROR", "patient-data"),
    }
    return {f"GET {PATIENTS}/{PATIENT_ID}": answers[row.get("biot", {}).get("entity", "ok")]}

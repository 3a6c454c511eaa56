"""Which chains a search wants, as a condition of SQL with parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sandbox.clock import iso
from sandbox.web.biot_errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LIMIT_DEFAULT, _LIMIT_MAX = 50, 1_000
_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_STATUS = re.compile(r"[1-5](?:\d\d|xx)")
_NAMES = ("plugin", "hook", "kind", "status", "since", "trace", "text", "limit")
_HAS_STEP = "EXISTS (SELECT 1 FROM step WHERE step.chain_id = chain.id AND"


@dataclass(frozen=True, kw_only=True, slots=True)
class ActivityQuery:
    """A condition with its parameters, and the number of chains."""

    where: str = "TRUE"
    parameters: tuple[object, ...] = ()
    limit: int = _LIMIT_DEFAULT


def activity_query(wanted: Mapping[str, str], now: datetime) -> ActivityQuery:
    """Translate the parameters of a search.

    Args:
        wanted: ``plugin``, ``hook``, ``kind``, ``status`` (``201``, ``4xx`` or ``failed``), ``since`` (``10m`` or a
            time), ``trace``, ``text`` and ``limit``.
        now: The current time.

    Raises:
        ApiError: 400, a parameter is unknown or malformed.
    """
    if unknown := sorted(wanted.keys() - set(_NAMES)):
        message = f"There is no filter {unknown[0][:100]}. There are {', '.join(_NAMES)}."
        raise bad_request(message)
    conditions = list(_conditions(wanted, now))
    return ActivityQuery(
        where=" AND ".join(condition for condition, _ in conditions) or "TRUE",
        parameters=tuple(parameter for _, parameters in conditions for parameter in parameters),
        limit=_limit(wanted.get("limit", "")),
    )


def _conditions(wanted: Mapping[str, str], now: datetime) -> Iterator[tuple[str, tuple[object, ...]]]:
    if plugin := wanted.get("plugin"):
        yield f"{_HAS_STEP} step.listener IN (?, ?))", (plugin, f"Plugin-{plugin}")
    if hook := wanted.get("hook"):
        yield f"{_HAS_STEP} step.name = ?)", (hook.upper(),)
    if kind := wanted.get("kind"):
        yield "kind = ?", (kind,)
    if status := wanted.get("status"):
        yield _status(status)
    if since := wanted.get("since"):
        yield "started >= ?", (_moment(since, now),)
    if trace := wanted.get("trace"):
        yield "trace_id = ?", (trace,)
    if text := wanted.get("text"):
        found = "instr(lower(document || coalesce(ending, '')), lower(?)) > 0"
        yield f"({found} OR {_HAS_STEP} instr(lower(step.document), lower(?)) > 0))", (text, text)


def _status(text: str) -> tuple[str, tuple[object, ...]]:
    if text == "failed":
        return "failed", ()
    if not _STATUS.fullmatch(text):
        message = "status must be an HTTP status such as 201, a class such as 4xx, or failed."
        raise bad_request(message)
    if text.endswith("xx"):
        return "status / 100 = ?", (int(text[0]),)
    return "status = ?", (int(text),)


def _moment(text: str, now: datetime) -> str:
    try:
        if match := _AGO.fullmatch(text):
            return iso(now - timedelta(**{_UNITS[match[2]]: int(match[1])}))
        moment = datetime.fromisoformat(text)
        return iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError) as error:
        message = "since must be a duration such as 10m, 2h or 1d, or a time such as 2026-01-31T00:00:00Z."
        raise bad_request(message) from error


def _limit(text: str) -> int:
    if not text:
        return _LIMIT_DEFAULT
    if not text.isdecimal() or len(text) > len(str(_LIMIT_MAX)) or not 1 <= int(text) <= _LIMIT_MAX:
        message = f"limit must be a whole number from 1 to {_LIMIT_MAX}."
        raise bad_request(message)
    return int(text)

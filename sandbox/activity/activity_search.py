"""Which chains, or which calls of plugins, a search wants, as a condition of SQL with parameters."""

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
_DIGITS_MAX = 18
_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_STATUS = re.compile(r"[1-5](?:\d\d|xx)")
_NAMES = ("plugin", "hook", "kind", "status", "since", "trace", "text", "before", "limit")
_LOG_NAMES = ("plugin", "hook", "status", "since", "after", "limit")
_HAS_STEP = "EXISTS (SELECT 1 FROM step WHERE step.chain_id = chain.id AND"


@dataclass(frozen=True, kw_only=True, slots=True)
class ActivityQuery:
    """A condition with its parameters, and the number of chains or calls."""

    where: str = "TRUE"
    parameters: tuple[object, ...] = ()
    limit: int = _LIMIT_DEFAULT


def activity_query(wanted: Mapping[str, str], now: datetime) -> ActivityQuery:
    """Translate the parameters of a search.

    Args:
        wanted: ``plugin``, ``hook``, ``kind``, ``status`` (``201``, ``4xx`` or ``failed``), ``since`` (``10m`` or a
            time), ``trace``, ``text``, ``before`` (the number of a chain: only older ones) and ``limit``.
        now: The current time.

    Raises:
        ApiError: 400, a parameter is unknown or malformed.
    """
    _check_names(wanted, _NAMES)
    return _query(_conditions(wanted, now), wanted.get("limit", ""))


def log_query(wanted: Mapping[str, str], now: datetime) -> ActivityQuery:
    """Translate the parameters of a search of calls of plugins.

    Args:
        wanted: ``plugin``, ``hook``, ``status`` and ``since`` as in ``activity_query``, all of the call itself;
            ``after``, the id of a call; and ``limit``.
        now: The current time.

    Raises:
        ApiError: 400, a parameter is unknown or malformed.
    """
    _check_names(wanted, _LOG_NAMES)
    return _query(_log_conditions(wanted, now), wanted.get("limit", ""))


def _check_names(wanted: Mapping[str, str], names: tuple[str, ...]) -> None:
    if unknown := sorted(wanted.keys() - set(names)):
        message = f"There is no filter {unknown[0][:100]}. There are {', '.join(names)}."
        raise bad_request(message)


def _query(found: Iterator[tuple[str, tuple[object, ...]]], limit: str) -> ActivityQuery:
    conditions = list(found)
    return ActivityQuery(
        where=" AND ".join(condition for condition, _ in conditions) or "TRUE",
        parameters=tuple(parameter for _, parameters in conditions for parameter in parameters),
        limit=_limit(limit),
    )


def _conditions(wanted: Mapping[str, str], now: datetime) -> Iterator[tuple[str, tuple[object, ...]]]:
    if plugin := wanted.get("plugin"):
        yield f"{_HAS_STEP} step.listener IN (?, ?))", (plugin, f"Plugin-{plugin}")
    if hook := wanted.get("hook"):
        yield f"{_HAS_STEP} step.name = ?)", (hook.upper(),)
    yield from _column_conditions(wanted)
    if status := wanted.get("status"):
        yield _status(status, "status", "failed")
    if since := wanted.get("since"):
        yield "started >= ?", (_moment(since, now),)
    if text := wanted.get("text"):
        found = "instr(lower(document || coalesce(ending, '')), lower(?)) > 0"
        yield f"({found} OR {_HAS_STEP} instr(lower(step.document), lower(?)) > 0))", (text, text)


def _column_conditions(wanted: Mapping[str, str]) -> Iterator[tuple[str, tuple[object, ...]]]:
    for name, column in (("kind", "kind"), ("trace", "trace_id")):
        if value := wanted.get(name):
            yield f"{column} = ?", (value,)
    if before := wanted.get("before"):
        yield "number < ?", (_whole(before, "before must be the number of a call."),)


def _log_conditions(wanted: Mapping[str, str], now: datetime) -> Iterator[tuple[str, tuple[object, ...]]]:
    yield "step.listener != ''", ()
    if plugin := wanted.get("plugin"):
        yield "step.listener IN (?, ?)", (plugin, f"Plugin-{plugin}")
    if hook := wanted.get("hook"):
        yield "step.name = ?", (hook.upper(),)
    if status := wanted.get("status"):
        yield _status(
            status, "json_extract(step.document, '$.response.status')", "json_extract(step.document, '$.failed')"
        )
    if since := wanted.get("since"):
        yield "json_extract(step.document, '$.startTime') >= ?", (_moment(since, now),)
    if after := wanted.get("after"):
        yield "step.rowid > ?", (_whole(after, "after must be the id of a call."),)


def _status(text: str, status: str, failed: str) -> tuple[str, tuple[object, ...]]:
    if text == "failed":
        return failed, ()
    if not _STATUS.fullmatch(text):
        message = "status must be an HTTP status such as 201, a class such as 4xx, or failed."
        raise bad_request(message)
    if text.endswith("xx"):
        return f"{status} / 100 = ?", (int(text[0]),)
    return f"{status} = ?", (int(text),)


def _whole(text: str, message: str) -> int:
    if not text.isdecimal() or len(text) > _DIGITS_MAX:
        raise bad_request(message)
    return int(text)


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

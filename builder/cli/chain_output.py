"""Print what happened in a chain: its steps, its response, and why subscriptions were not called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from builder.cli.output import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Chain = Mapping[str, Any]

PLUGIN_FAILED_EXIT = 9


def chain_lines(chain: Chain) -> list[str]:
    """The lines about a chain, as ``/sandbox/v1`` describes it."""
    lines = [_head(chain)]
    if chain["steps"]:
        rows = [("step", "plugin or endpoint", "order", "status", "ms"), *map(_row, chain["steps"])]
        lines += ["", *table(rows, right=(2, 3, 4), flexible=(1,))]
    notes = [*_problems(chain), *_refusal(chain), *_silence(chain)]
    return [*lines, *(["", *notes] if notes else [])]


def _head(chain: Chain) -> str:
    response = chain["response"]
    answer = f": {response['status']}" if response else ""
    return f"{chain['title']}{answer}, {chain['milliseconds']:.0f} ms, trace {chain['traceId']}"


def _row(step: Chain) -> tuple[str, str, str, str, str]:
    order = step["order"] if step["name"] not in {"API", "NOTIFICATION"} else None
    status = step["response"]["status"] if step["response"] else "none"
    return (
        step["name"],
        step["listener"],
        "" if order is None else str(order),
        str(status),
        f"{step['milliseconds']:.1f}",
    )


def _problems(chain: Chain) -> Iterator[str]:
    if chain["problem"]:
        yield chain["problem"]
    for step in chain["steps"]:
        if step["problem"] and not chain["problem"]:
            yield f"{step['listener']} ({step['name']}): {step['problem']}"


def _refusal(chain: Chain) -> Iterator[str]:
    """What BioT or a plugin answered to a call that was refused."""
    response = chain["response"]
    body = response["body"] if response else None
    if isinstance(body, dict) and "code" in body and response["status"] >= 400 and not chain["problem"]:  # noqa: PLR2004 - HTTP's errors
        yield f"{body['code']}: {body.get('message', '')}"


def _silence(chain: Chain) -> Iterator[str]:
    """Why no plugin was called."""
    if any(one["called"] for one in chain["considered"]):
        return
    near = chain["nearest"]
    if near is None:
        yield "No plugin was called: there are no subscriptions. `publish` a plugin, or `subscribe` an endpoint."
        return
    yield f"No plugin was called. The nearest subscription is {near['target']} of {near['listener']}:"
    yield from (f"  {reason['message']}" for reason in near["reasons"])

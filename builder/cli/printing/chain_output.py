"""Print what happened in a chain: its steps with what each changed, its response, and why others were not called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from builder.cli.output import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Chain = Mapping[str, Any]

PLUGIN_FAILED_EXIT = 9
_CLIENT_ERROR = 400
_CHANGES_MAX = 30
_ALWAYS_NEW = frozenset({("_id",), ("_creationTime",), ("_lastModifiedTime",)})
"""Attributes that differ between two entities that were created in the same way."""
_INTERCEPTIONS = frozenset({"PRE_REQUEST", "ADAPT_ENTITY", "POST_REQUEST"})


def chain_lines(chain: Chain, *more: str) -> list[str]:
    """The lines about a chain in short, as ``/sandbox/v1`` describes it.

    Args:
        chain: The chain.
        more: Other lines about it, before the last one, which says how to see more.
    """
    lines = [f"{_head(chain)}, trace {chain['traceId']}"]
    if chain["steps"]:
        rows = [("step", "plugin or endpoint", "order", "status", "ms"), *map(_row, chain["steps"])]
        lines += ["", *table(rows, right=(2, 3, 4), flexible=(1,))]
    notes = [*_problems(chain), *_refusal(chain), *_silence(chain), *_faults(chain), *more]
    if number := chain.get("number"):
        notes += [f"`biot-plugin why {number}` explains it, `biot-plugin activity show {number}` shows everything."]
    return [*lines, *(["", *notes] if notes else [])]


def tree_lines(chain: Chain) -> list[str]:
    """The lines about a chain as a tree: each step with what it changed, its log, and what its plugin caused."""
    nodes: list[tuple[str, list[str]]] = [(_step_title(step), [*_step_details(step)]) for step in chain["steps"]]
    nodes += [(f"caused #{one['number']} {_summary(one)}", _fault(one)) for one in chain.get("caused", ())]
    lines = [f"#{chain['number']} {_head(chain)}", f"   {chain['startTime']}, trace {chain['traceId']}"]
    if chain["parentId"]:
        lines.append(f"   caused by a plugin in {chain['parentId']}")
    lines += [f"   {fault}" for fault in _fault(chain)]
    for at, (title, details) in enumerate(nodes):
        last = at == len(nodes) - 1
        lines.append(f"{'└─' if last else '├─'} {title}")
        lines += [f"{'  ' if last else '│ '}    {detail}" for detail in details]
    return [*lines, *_notes_of_tree(chain)]


def difference_lines(before: Chain, after: Chain) -> list[str]:
    """The lines about what differs between two runs of a call: the answer of each plugin, and the response."""
    from sandbox.json_diff import describe, diff

    lines = []
    for name, old, new in _answers_of_both(before, after):
        changes = [describe(change) for change in diff(old, new) if change.path[-1:] not in _ALWAYS_NEW]
        lines += [f"{name}: {change}" for change in changes[:_CHANGES_MAX]]
    return ["", *(lines or ["Every answer is the same as before."])]


def _answers_of_both(before: Chain, after: Chain) -> Iterator[tuple[str, object, object]]:
    """Each step and the response, with the status and the body of both runs."""
    steps = {(step["name"], step["listener"]): step for step in before["steps"]}
    for step in after["steps"]:
        if step["listener"]:
            earlier = steps.get((step["name"], step["listener"]))
            yield (
                f"{step['name']} {step['listener']}",
                earlier and _answer(earlier["response"]),
                _answer(step["response"]),
            )
    yield "response", _answer(before.get("response")), _answer(after.get("response"))


def _answer(response: Chain | None) -> object:
    return response and {"status": response["status"], "body": response["body"]}


def reason_lines(chain: Chain) -> list[str]:
    """The lines about every subscription that was considered, and why it was or was not called."""
    lines = [_head(chain), *([chain["problem"]] if chain.get("problem") else []), ""]
    considered = chain.get("considered", ())
    if not considered:
        return [*lines, *_silence(chain), *_faults(chain)]
    called = [one for one in considered if one["called"]]
    for one in called:
        lines += [f"called      {one['listener']}: {one['target']}", *_outcome(chain, one)]
    for one in considered:
        if not one["called"]:
            lines.append(f"not called  {one['listener']}: {one['target']}")
            lines += [f"              {reason['message']}" for reason in one["reasons"]]
    if not called and chain["nearest"]:
        near = chain["nearest"]
        lines += ["", f"The nearest subscription is {near['target']} of {near['listener']}."]
    callbacks = [one for one in chain.get("caused", ()) if one.get("fault")]
    lines += [f"call back   #{one['number']} {_summary(one)}. {_fault(one)[0]}" for one in callbacks]
    return lines


def activity_rows(chains: Sequence[Chain]) -> list[str]:
    """The lines about many chains, one each."""
    rows = [("id", "time", "what", "plugins", "status", "ms")]
    for chain in chains:
        failed = " !" if chain["pluginFailed"] else ""
        status = "" if chain["status"] is None else str(chain["status"])
        took = "not finished" if chain["milliseconds"] is None else f"{chain['milliseconds']:.0f}"
        time = chain["startTime"][11:19]
        rows.append((str(chain["number"]), time, chain["title"], ", ".join(chain["plugins"]), status + failed, took))
    return table(rows, right=(0, 4, 5), flexible=(2, 3))


def _head(chain: Chain) -> str:
    response = chain.get("response")
    answer = f": {response['status']}" if response else ""
    if chain.get("milliseconds") is None:
        return f"{chain['title']}: not finished"
    return f"{chain['title']}{answer}, {chain['milliseconds']:.0f} ms"


def _summary(chain: Chain) -> str:
    status = f": {chain['status']}" if chain["status"] is not None else ""
    return f"{chain['title']}{status}"


def _row(step: Chain) -> tuple[str, str, str, str, str]:
    order = step["order"] if step["name"] not in {"API", "NOTIFICATION"} else None
    took = f"{step['milliseconds']:.1f}"
    return step["name"], step["listener"], "" if order is None else str(order), _status(step), took


def _status(step: Chain) -> str:
    return str(step["response"]["status"]) if step["response"] else "none"


def _step_title(step: Chain) -> str:
    order = f" (order {step['order']})" if step["name"] in _INTERCEPTIONS else ""
    listener = f" {step['listener']}{order}" if step["listener"] else ""
    return f"{step['name']}{listener}: {_status(step)}, {step['milliseconds']:.1f} ms"


def _step_details(step: Chain) -> Iterator[str]:
    yield from _fault(step)
    if step["problem"]:
        yield step["problem"]
    if step["name"] in _INTERCEPTIONS:
        yield from _changes(step)
    function = step["function"]
    if function:
        yield f"ran {function['artifactSha256'][:12]} on {function['runtime']}, request {function['requestId']}"
        for record in function["log"]:
            yield from (f"log  {line}" for line in record.splitlines())
        yield function["report"].replace("\t", "  ")
        yield from function["warnings"]


def _changes(step: Chain) -> Iterator[str]:
    """What an interceptor changed, as a structural difference."""
    from sandbox.activity.step_changes import CHANGED_PART, step_changes
    from sandbox.json_diff import describe

    changes = step_changes(step)
    if changes is not None:
        lines = [describe(change) for change in changes[:_CHANGES_MAX]]
        yield from lines or [f"the {CHANGED_PART[step['name']]} is unchanged"]
        if len(changes) > _CHANGES_MAX:
            yield f"… {len(changes) - _CHANGES_MAX} more changes (--json shows all)"


def _notes_of_tree(chain: Chain) -> list[str]:
    problem = [chain["problem"]] if chain.get("problem") else []
    notes = [*problem, *_refusal(chain), *_silence(chain)]
    return ["", *notes] if notes else []


def _outcome(chain: Chain, considered: Chain) -> Iterator[str]:
    """How the call of a subscription ended."""
    kind = considered["target"].partition(" ")[0]
    for step in chain["steps"]:
        if step["name"] == kind and step["listener"] == considered["listener"]:
            ignored = " Nobody reads the answer to a notification." if kind == "NOTIFICATION" else ""
            yield f"              {step['problem'] or f'It answered {_status(step)}.'}{ignored}"
            yield from (f"              {fault}" for fault in _fault(step))
            return


def _problems(chain: Chain) -> Iterator[str]:
    if chain.get("problem"):
        yield chain["problem"]
        return
    for step in chain["steps"]:
        if step["problem"]:
            yield f"{step['listener']} ({step['name']}): {step['problem']}"


def _fault(recorded: Chain) -> list[str]:
    """What the scenario did on purpose to a request or to a call of a plugin."""
    return [f"The scenario played {recorded['fault']}."] if recorded.get("fault") else []


def _faults(chain: Chain) -> Iterator[str]:
    """What the scenario did on purpose in a chain."""
    yield from _fault(chain)
    for step in chain["steps"]:
        yield from (f"{step['listener']} ({step['name']}): {fault}" for fault in _fault(step))


def _refusal(chain: Chain) -> Iterator[str]:
    """What BioT or a plugin answered to a call that was refused."""
    response = chain.get("response")
    if response is None or response["status"] < _CLIENT_ERROR or chain["problem"]:
        return
    body = response["body"]
    if isinstance(body, dict) and "code" in body:
        yield f"{body['code']}: {body.get('message', '')}"


def _silence(chain: Chain) -> Iterator[str]:
    """Why no plugin was called."""
    if (
        chain["kind"] not in {"api", "event"}
        or chain.get("fault")
        or any(one["called"] for one in chain.get("considered", ()))
    ):
        return
    near = chain.get("nearest")
    if near is None:
        yield "No plugin was called: there are no subscriptions. `publish` a plugin, or `subscribe` an endpoint."
        return
    yield f"No plugin was called. The nearest subscription is {near['target']} of {near['listener']}:"
    yield from (f"  {reason['message']}" for reason in near["reasons"])

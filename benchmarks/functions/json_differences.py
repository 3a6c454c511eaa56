"""The time to compare two JSON values of 1 MB."""

from __future__ import annotations

import copy
import json
import time

from benchmarks.functions.bars import Bar, bar_for, milliseconds, percentile, scale
from sandbox.json_diff import diff, patch

BAR = 0.1


def megabyte() -> Bar:
    """Change, add and remove entities in a search result of 1 MB."""
    old = {"data": [{"_id": f"{n:08}", "_name": {"firstName": "x" * 30, "lastName": f"{n}"}} for n in range(11_500)]}
    new = copy.deepcopy(old)
    new["data"][100]["_name"] = {"firstName": "y"}
    del new["data"][5_000]
    new["data"].insert(9_000, {"_id": "new"})
    changes = diff(old, new)
    seconds = []
    for _ in range(9):
        begin = time.perf_counter()
        changes = diff(old, new)
        seconds.append(time.perf_counter() - begin)
    factor = scale()
    p50 = percentile(seconds, 50)
    right = patch(changes, old) == new
    return Bar(
        what=f"difference of two JSON values of {len(json.dumps(old)) / 1e6:.1f} MB",
        bar=f"{bar_for(BAR, factor)}; the changes make the new value of the old one",
        figure=f"median {milliseconds(p50)}, {len(changes)} changes",
        met=p50 <= BAR * factor and right,
    )

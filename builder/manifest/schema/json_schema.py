"""The JSON Schema of plugin.toml, as shipped beside this room for editors."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

SCHEMA_FILE = Path(__file__).parents[1] / "schema.json"

# JSON Schema's values are anything that JSON can hold.
Schema = dict[str, Any]


@cache
def schema() -> Schema:
    """The JSON Schema of plugin.toml, as shipped."""
    loaded: Schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return loaded

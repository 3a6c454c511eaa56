"""JavaScript files -> their first syntax error as Node.js would report it, found by oxlint's parser.

oxlint's parser (oxc) checks all early errors of ECMAScript. Compared with Node.js 24 over the 3,380 programs of
test262-parser-tests: every broken one is found; it also refuses two programs that use ``let`` as a name.
"""

from __future__ import annotations

import json
from enum import Enum
from typing import TYPE_CHECKING

from builder.code.flaw import Flaw
from builder.code.programs import run_parser

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SETTINGS = '{"categories": {"correctness": "off"}, "plugins": []}'


class Form(Enum):
    """How Node.js reads a file."""

    MODULE = ".mjs"
    COMMONJS = ".cjs"


def javascript_flaws(files: Mapping[tuple[str, Form], bytes], folder: Path) -> dict[tuple[str, Form], Flaw]:
    """The first syntax error of each file that has one, read as the form in its key.

    Args:
        files: Any name and the form to read it as -> its content.
        folder: An empty folder to work in.
    """
    keys = {}
    for number, (key, content) in enumerate(files.items()):
        name = f"{number}{key[1].value}"
        keys[name] = key
        (folder / name).write_bytes(content)
    (folder / "settings.json").write_text(_SETTINGS, "utf-8")
    arguments = ["-c", "settings.json", "--disable-nested-config", "--no-ignore", "--format", "json", "."]
    flaws: dict[tuple[str, Form], Flaw] = {}
    for row in json.loads(run_parser("oxlint", arguments, folder))["diagnostics"]:
        key = keys[row["filename"].replace("\\", "/").rpartition("/")[2]]
        places = [label["span"]["line"] for label in row["labels"]]
        flaw = Flaw(line=max(places, default=1), message=row["message"].rstrip("."))
        if key not in flaws or flaw.line < flaws[key].line:
            flaws[key] = flaw
    return flaws

"""The table of BioT's documents names only commands, options, keys and tests that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click
import pytest

from builder.cli.app import cli
from builder.manifest.schema.json_schema import schema

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs" / "reference" / "documents.md").read_text("utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in PAGE.splitlines() if line.startswith("| ")]
SENTENCES = [row for row in ROWS if row[0] != "document, section" and not row[0].startswith("---")]
COMMANDS = sorted({" ".join(code.split()) for code in re.findall(r"`(biot-plugin[^`]*)`", PAGE)})
KEYS = sorted(set(re.findall(r"`\[(\w+)\] ([\w.]+)`", PAGE)))
DOCUMENTS = (
    "Plugin Configuration Management",
    "Custom Plugin Deployment",
    "BioT Interceptor Plugins",
    "BioT Notification Plugins",
    "Sample Plugin Code",
)


def test_every_document_has_a_table_and_every_row_a_test() -> None:
    headings = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)

    assert headings == [*DOCUMENTS, "What is not covered"]
    assert len(SENTENCES) > 70
    assert [row for row in SENTENCES if len(row) != 4 or "`tests/" not in row[3]] == []


def test_every_proof_is_a_file_with_tests() -> None:
    proofs = sorted({name for row in SENTENCES for name in re.findall(r"`(tests/[^`]+)`", row[3])})

    assert [name for name in proofs if "def test_" not in (REPOSITORY / name).read_text("utf-8")] == []


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_and_option_exists(line: str) -> None:
    command: click.Command = cli
    context = click.Context(command)
    words = line.split()[1:]
    while words and isinstance(command, click.Group):
        below = command.get_command(context, words[0])
        assert below is not None, words[0]
        command, words = below, words[1:]
    options = {option for param in command.params for option in param.opts}

    assert {word for word in words if word.startswith("-")} <= options


@pytest.mark.parametrize(("table", "path"), KEYS)
def test_every_key_is_in_the_schema(table: str, path: str) -> None:
    root: dict[str, Any] = schema()
    found: Any = root["properties"][table]
    for key in path.split("."):
        found = found.get("items", found)
        while "$ref" in found:
            found = root["$defs"][found["$ref"].rpartition("/")[2]]
        found = found["properties"][key]
        while "$ref" in found:
            found = root["$defs"][found["$ref"].rpartition("/")[2]]

    assert found["description"]

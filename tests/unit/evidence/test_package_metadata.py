"""Package metadata in every form that real packages use."""

from __future__ import annotations

import json

import pytest

from builder.archive.core_metadata import parse_headers
from builder.evidence.sbom.package_metadata import npm_facts, npm_identity, wheel_facts

METADATA = """\
Metadata-Version: 2.4
Name: pkg
Summary: Does
  things
Author-email: "Jane Doe" <jane@example.com>, Bo <bo@example.com>
License-Expression: mit or Apache-2.0
Project-URL: Documentation, https://docs.example.com
Project-URL: Source Code, https://example.com/pkg
Requires-Dist: other>=1
Requires-Dist: extra-one; extra == "one"

Requires-Dist: not-a-header
"""


def test_a_wheels_metadata_is_read_up_to_its_description() -> None:
    facts = wheel_facts(parse_headers(METADATA))
    assert facts.licence == "MIT OR Apache-2.0"
    assert facts.supplier == "Jane Doe, Bo"
    assert facts.homepage == "https://example.com/pkg"
    assert facts.needs == ("other>=1", 'extra-one; extra == "one"')


def test_folded_lines_are_one_field() -> None:
    assert parse_headers("A: one\n  two\n\t| three\nB: 4\n") == {"a": ["one\ntwo\nthree"], "b": ["4"]}


@pytest.mark.parametrize("blank", ["        ", "\t", " \r", "\x0c  text", "        |"])
def test_a_line_of_spaces_does_not_end_the_header(blank: str) -> None:
    """scipy and matplotlib fold a licence with such lines into the header, before what they ask for."""
    text = f"License: one\n{blank}\n        two\nRequires-Dist: numpy\n\nRequires-Dist: no header\n"
    assert parse_headers(text)["requires-dist"] == ["numpy"]


@pytest.mark.parametrize(
    ("lines", "expression", "names"),
    [
        (["License: BSD-3-Clause"], "BSD-3-Clause", ()),
        (["License: BSD"], "", ("BSD",)),
        (["License: UNKNOWN", "Classifier: License :: OSI Approved :: MIT License"], "", ("MIT License",)),
        (["License: Copyright (c) 2020\n  Permission is hereby"], "", ("Copyright (c) 2020",)),
        (
            [
                "License: Copyright (c) 2020\n  Permission is hereby",
                "Classifier: License :: OSI Approved",
                "Classifier: License :: OSI Approved :: BSD License",
            ],
            "",
            ("BSD License",),
        ),
        (["Name: nothing"], "", ()),
    ],
)
def test_a_licence_is_an_expression_only_when_spdx_knows_it(
    lines: list[str], expression: str, names: tuple[str, ...]
) -> None:
    facts = wheel_facts(parse_headers("\n".join(lines)))
    assert (facts.licence, facts.licence_names) == (expression, names)
    assert facts.licence_text == (expression or ", ".join(names) or "unknown")


@pytest.mark.parametrize(
    ("document", "expression", "names", "supplier"),
    [
        ({"license": "MIT", "author": "A B <a@b.c> (https://b.c)"}, "MIT", (), "A B"),
        ({"license": {"type": "ISC"}, "author": {"name": "A"}}, "ISC", (), "A"),
        ({"licenses": [{"type": "MIT"}, {"type": "GPL-2.0-only"}]}, "", ("MIT", "GPL-2.0-only"), ""),
        ({"license": "SEE LICENSE IN LICENSE.md"}, "", ("SEE LICENSE IN LICENSE.md",), ""),
        ({"license": 3, "author": ["x"]}, "", (), ""),
        ({}, "", (), ""),
    ],
)
def test_package_json_is_read_in_every_form_that_npm_accepts(
    document: dict[str, object], expression: str, names: tuple[str, ...], supplier: str
) -> None:
    facts = npm_facts(json.dumps(document).encode())
    assert (facts.licence, facts.licence_names, facts.supplier) == (expression, names, supplier)


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b'"x"'])
def test_a_broken_package_json_has_no_facts(data: bytes) -> None:
    assert npm_facts(data).licence_text == "unknown"
    assert npm_identity(data) == ("", "")

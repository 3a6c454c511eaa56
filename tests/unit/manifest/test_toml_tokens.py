"""The limits of a manifest are those of its tokens, and a text with few marks is within them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.manifest.text.toml_tokens import DEPTH_MAX, KEY_PARTS_MAX, KEYS_MAX, find_excess

# Brackets in a comment have no meaning, but a text with so many is read token by token.
MANY_MARKS = f"\n#{'[' * (DEPTH_MAX + 1)}\n"
PIECES = [
    "a",
    ".",
    "=",
    "[",
    "]",
    "{",
    "}",
    ",",
    "\n",
    "#",
    " ",
    '"',
    "'",
    '"""',
    "'''",
    "\\",
    "\\\n",
    '"x"',
    "a.b.c.d.e.f.g",
]


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=120))
def test_a_text_with_few_marks_is_judged_like_its_tokens(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert find_excess(text) == find_excess(text + MANY_MARKS)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"a = {'[' * (DEPTH_MAX + 1)}", "depth"),
        (f"{'a.' * KEY_PARTS_MAX}a = 1", "parts"),
        ("a = 1\n" * (KEYS_MAX + 1), "keys"),
        (f"{'a.' * (KEY_PARTS_MAX // 2)}'''\n'''{'.a' * (KEY_PARTS_MAX // 2)} = 1", "parts"),
        (f"a = {'[' * DEPTH_MAX}{']' * DEPTH_MAX}", ""),
        (f"{'a.' * (KEY_PARTS_MAX - 1)}a = 1", ""),
        ("a = 1\n" * KEYS_MAX, ""),
        (MANY_MARKS, ""),
    ],
)
def test_the_limits_are_exact(text: str, kind: str) -> None:
    excess = find_excess(text)
    assert (excess.kind if excess else "") == kind

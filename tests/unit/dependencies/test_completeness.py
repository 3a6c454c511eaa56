"""Complete and incomplete Python locks, without files."""

from __future__ import annotations

import pytest

from builder.archive.core_metadata import parse_headers
from builder.dependencies.lock.completeness import PinnedWheel, completeness_problems
from builder.dependencies.lock.requirements import Requirements
from builder.errors import Severity
from builder.platform.runtimes import RUNTIMES


def wheel(pin: str, *needs: str, extras: str = "", own: str = "") -> PinnedWheel:
    """A pin, what its wheel asks for, its extras, and the name and version in its metadata where they differ."""
    name, _, version = pin.partition("==")
    own_name, _, own_version = (own or pin).partition("==")
    lines = ["Metadata-Version: 2.1", f"Name: {own_name}", f"Version: {own_version}"]
    lines += [f"Requires-Dist: {need}" for need in needs] + [f"Provides-Extra: {extra}" for extra in extras.split()]
    return PinnedWheel(name=name, version=version, metadata=parse_headers("\n".join(lines)))


def found(direct: str, *wheels: PinnedWheel, limits: str = "", runtime: str = "python3.13") -> list[str]:
    """Errors as they are, warnings after ``warning:``."""
    requirements = Requirements(
        direct=tuple(filter(None, direct.split("\n"))), constraints=tuple(filter(None, limits.split("\n")))
    )
    problems = completeness_problems(requirements, wheels, RUNTIMES[runtime], "requirements.in")
    return [("warning: " if one.severity is Severity.WARNING else "") + one.message for one in problems]


TOP = wheel("top==1.0", "base>=2", 'colour; extra == "shiny"', extras="shiny")


@pytest.mark.parametrize(
    ("direct", "wheels"),
    [
        ("", []),
        ("top", [TOP, wheel("base==2.0")]),
        ("top[shiny]", [TOP, wheel("base==2.0"), wheel("colour==1")]),
        ("Top.Level>=1", [wheel("top-level==1.0", own="Top_Level==1.0.0")]),
        ("a", [wheel("a==1", "B_b.C"), wheel("b-b-c==1", own="B.B.C==1")]),
        ("a", [wheel("a==1", "b"), wheel("b==1", "c"), wheel("c==1", "a")]),
        ("a", [wheel("a==1", "a[x]", 'b; extra == "x"', extras="x"), wheel("b==1")]),
        (
            "a[all]",
            [
                wheel("a==1", 'a[x,y]; extra == "all"', 'b; extra == "x"', 'c; extra == "y"', extras="all x y"),
                wheel("b==1"),
                wheel("c==1"),
            ],
        ),
        ("a[Some.Extra]", [wheel("a==1", 'b; extra == "some-extra"', extras="some-extra"), wheel("b==1")]),
        ("a[some-extra]", [wheel("a==1", "b; extra == 'some_extra'", extras="some_extra"), wheel("b==1")]),
        ("a[old]", [wheel("a==1", 'b; python_version > "3" and extra == "old"'), wheel("b==1")]),
        ("a[unused]", [wheel("a==1", extras="unused")]),
        ("a>=1", [wheel("a==2.0rc1")]),
        ("a==1.0", [wheel("a==1.0+cpu")]),
        ("a~=1.4", [wheel("a==1.9")]),
        ("a==1", [wheel("a==1.0.0")]),
        ('a; sys_platform == "win32"\nb', [wheel("b==1")]),
        ("a", [wheel("a==1", 'b; platform_system == "Windows"', 'c; python_version < "3.8"')]),
        ("a", [wheel("a==1", 'b; platform_machine == "x86_64" and implementation_name == "cpython"'), wheel("b==1")]),
        ("a", [wheel("a==1", 'b; (extra == "x") or python_version >= "3.9"'), wheel("b==1")]),
        ("a", [wheel("a==1", "b (>=1.0,<2)"), wheel("b==1.5")]),
        ("a", [wheel("a==1", "b[lacking]"), wheel("b==1")]),
        ("a", [wheel("a==1", "b @ https://host/b-1.whl"), wheel("b==1")]),
        ("a", [wheel("a==1", "what is this? >> 1"), wheel("b==1")]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_complete_locks_have_no_problems(direct: str, wheels: list[PinnedWheel]) -> None:
    assert found(direct, *wheels) == []


@pytest.mark.parametrize(
    ("direct", "wheels", "message"),
    [
        ("gone>=1\ntop", [TOP, wheel("base==2")], "gone is missing: requirements.in requires gone>=1."),
        ("top", [TOP], "base is missing: top 1.0 requires base>=2."),
        ("top", [TOP, wheel("base==1.9")], "base 1.9 does not fit: top 1.0 requires base>=2."),
        ("top[shiny]", [TOP, wheel("base==2")], "colour is missing: top[shiny] 1.0 requires colour."),
        ("base<2", [wheel("base==2")], "base 2 does not fit: requirements.in requires base<2."),
        ("base!=2.*", [wheel("base==2.1")], "base 2.1 does not fit: requirements.in requires base!=2.*."),
        ("top[dull]", [TOP, wheel("base==2")], "top 1.0 has no extra 'dull'. It has shiny."),
        ("base[any]", [wheel("base==2")], "base 2 has no extra 'any'. It has no extras."),
        ("base", [wheel("base==2", own="other==2")], "base 2 is pinned with the hash of other 2."),
        ("base", [wheel("base==2", own="base==1")], "base 2 is pinned with the hash of base 1."),
        ("a", [wheel("a==1", "b"), wheel("b==1", "c"), wheel("c==1", "a", "d")], "d is missing: c 1 requires d."),
        (
            "a",
            [wheel("a==1", "b[x]"), wheel("b==1", 'c; extra == "x"', extras="x")],
            "c is missing: b[x] 1 requires c.",
        ),
        ('a; sys_platform == "linux"', [], "a is missing: requirements.in requires a."),
        ("top\nunasked", [TOP, wheel("base==2")], "unasked is missing: requirements.in requires unasked."),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_missing_and_unsuitable_pins_are_named_with_what_requires_them(
    direct: str, wheels: list[PinnedWheel], message: str
) -> None:
    assert found(direct, *wheels) == [message]


@pytest.mark.parametrize(("runtime", "missing"), [("python3.10", True), ("python3.11", False)])
def test_markers_are_evaluated_for_the_runtime_and_not_for_this_machine(runtime: str, *, missing: bool) -> None:
    asks = wheel("a==1", 'tomli; python_version < "3.11"', 'more; python_full_version < "3.11.0"')
    assert len(found("a", asks, runtime=runtime)) == (2 if missing else 0)


def test_each_missing_package_is_reported_once() -> None:
    assert found("a\nb", wheel("a==1", "x", "y"), wheel("b==1", "x")) == [
        "x is missing: a 1 requires x.",
        "y is missing: a 1 requires y.",
    ]


def test_a_constraint_limits_versions_and_requires_nothing() -> None:
    pin = wheel("a==2")
    assert found("a", pin, limits="a<2\nb==1") == ["a 2 does not fit: a constraint allows only a<2."]
    assert found("a", pin, limits='a<2; sys_platform == "win32"\na>1') == []


def test_an_unneeded_pin_is_a_warning() -> None:
    assert found("a", wheel("a==1"), wheel("b==1", "c"), wheel("c==1")) == [
        "warning: Nothing requires b 1.",
        "warning: Nothing requires c 1.",
    ]

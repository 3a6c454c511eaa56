"""uv says "no usable wheels"; the reader is told for which machine they are, and which version fits."""

from __future__ import annotations

import pytest

from builder.dependencies.python.newer_platforms import explain_newer_glibc
from builder.platform.runtimes import RUNTIMES, Runtime

OLD = RUNTIMES["python3.11"]
SAID = "  cause: Because numpy{} has no usable wheels and you require numpy{}, we can conclude that"


def offered(_name: str, runtime: Runtime) -> tuple[str, ...]:
    """An index: each version and the oldest glibc that it has a wheel for."""
    wheels = {"2.4.0": (2, 34), "2.3.5": (2, 28), "2.3.0": (2, 28), "2.2.7": (2, 24), "2.2.6": (2, 17), "odd_": (2, 17)}
    return tuple(version for version, glibc in wheels.items() if glibc <= runtime.glibc)


@pytest.mark.parametrize(
    ("asked", "message", "hint"),
    [
        (
            "==2.3.5",
            "numpy 2.3.5 needs GLIBC_2.28; python3.11 has 2.26.",
            "Use python3.12 or later, or ask for numpy<2.3.5 (2.2.7 fits).",
        ),
        (
            ">=2.3.1",
            "numpy 2.3.1 and later need GLIBC_2.28; python3.11 has 2.26.",
            "Use python3.12 or later, or ask for numpy<2.3.1 (2.2.7 fits).",
        ),
        (
            "==2.2.7",
            "numpy 2.2.7: there is a wheel for python3.11, and uv has no name for its platform.",
            "Ask for numpy<2.2.7.",
        ),
    ],
)
def test_the_machine_and_the_way_out_are_named(asked: str, message: str, hint: str) -> None:
    (problem,) = explain_newer_glibc(SAID.format(asked, asked), OLD, offered)

    assert (problem.message, problem.hint) == (message, hint)


@pytest.mark.parametrize("said", ["", SAID.format("==9", "==9"), SAID.format("==x", "==x"), "Because of the weather"])
def test_what_has_no_wheel_anywhere_is_left_to_others(said: str) -> None:
    assert list(explain_newer_glibc(said, OLD, offered)) == []


def test_no_runtime_may_have_it() -> None:
    (problem,) = explain_newer_glibc(SAID.format("==2.4.0", "==2.4.0"), RUNTIMES["python3.10"], offered)
    assert problem.hint.startswith("Use python3.12 or later")

    only_newer = [
        found.hint
        for found in explain_newer_glibc(
            SAID.format("==1", "==1"), RUNTIMES["python3.13"], lambda _, runtime: ("1",) * (runtime.glibc >= (2, 39))
        )
    ]
    assert only_newer == ["Choose another package."]

"""uv says "no usable wheels"; the error names the required glibc and the version that fits."""

from __future__ import annotations

import pytest

from builder.dependencies.python.missing_wheels import explain_newer_glibc
from builder.platform.runtimes import RUNTIMES, Runtime

OLD = RUNTIMES["python3.11"]
OUTPUT = "  cause: Because numpy{} has no usable wheels and you require numpy{}, we can conclude that"


def available(_name: str, runtime: Runtime) -> tuple[str, ...]:
    """An index: each version and the oldest glibc that it has a wheel for."""
    wheels = {"2.4.0": (2, 34), "2.3.5": (2, 28), "2.3.0": (2, 28), "2.2.7": (2, 24), "2.2.6": (2, 17), "odd_": (2, 17)}
    return tuple(version for version, glibc in wheels.items() if glibc <= runtime.glibc)


@pytest.mark.parametrize(
    ("required", "message", "hint"),
    [
        (
            "==2.3.5",
            "numpy 2.3.5 needs GLIBC_2.28; python3.11 has 2.26.",
            "Use python3.12 or later, or require numpy<2.3.5 (2.2.7 has a usable wheel).",
        ),
        (
            ">=2.3.1",
            "numpy 2.3.1 and later need GLIBC_2.28; python3.11 has 2.26.",
            "Use python3.12 or later, or require numpy<2.3.1 (2.2.7 has a usable wheel).",
        ),
        (
            "==2.2.7",
            "numpy 2.2.7: there is a wheel for python3.11, but uv has no name for its platform.",
            "Require numpy<2.2.7.",
        ),
    ],
)
def test_the_error_names_the_required_glibc_and_a_fix(required: str, message: str, hint: str) -> None:
    (problem,) = explain_newer_glibc(OUTPUT.format(required, required), OLD, available)

    assert (problem.message, problem.hint) == (message, hint)


@pytest.mark.parametrize(
    "output", ["", OUTPUT.format("==9", "==9"), OUTPUT.format("==x", "==x"), "Because of the weather"]
)
def test_a_package_without_any_wheel_is_not_explained_here(output: str) -> None:
    assert list(explain_newer_glibc(output, OLD, available)) == []


def test_no_runtime_is_suggested_when_none_has_the_glibc() -> None:
    (problem,) = explain_newer_glibc(OUTPUT.format("==2.4.0", "==2.4.0"), RUNTIMES["python3.10"], available)
    assert problem.hint.startswith("Use python3.12 or later")

    only_newer = [
        found.hint
        for found in explain_newer_glibc(
            OUTPUT.format("==1", "==1"), RUNTIMES["python3.13"], lambda _, runtime: ("1",) * (runtime.glibc >= (2, 39))
        )
    ]
    assert only_newer == ["Choose another package."]

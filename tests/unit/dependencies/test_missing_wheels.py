"""Where uv says "source only", the error names the version or the runtime that has a wheel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from builder.dependencies.python.missing_wheels import explain_other_runtimes
from builder.platform.runtimes import RUNTIMES, Runtime

if TYPE_CHECKING:
    from builder.errors import Problem

NEW = RUNTIMES["python3.13"]
OUTPUT = "hint: Wheels are required for `{}` because building from source is disabled for all packages"
WHEELS = {
    ("numpy", "python3.13"): ("2.1.0", "2.4.0", "odd_"),
    ("numpy", "python3.12"): ("1.26.4", "2.4.0"),
    ("numpy", "python3.11"): ("1.25.2", "1.26.4", "2.4.0"),
    ("abandoned", "python3.11"): ("0.9",),
    ("renewed", "python3.13"): ("2.0",),
}


def available(name: str, runtime: Runtime) -> tuple[str, ...]:
    return WHEELS.get((name, runtime.name), ())


def found(requirements: str, name: str, more: str = "") -> list[Problem]:
    output = f"{OUTPUT.format(name)}\n{more}"
    return list(explain_other_runtimes(output, tuple(filter(None, requirements.split("\n"))), NEW, available))


@pytest.mark.parametrize(
    ("requirements", "name", "more", "message", "hint"),
    [
        (
            "numpy==1.26.4",
            "numpy",
            "",
            "numpy 1.26.4 has no wheel for python3.13; it has one for python3.12.",
            "Require numpy 2.4.0, which has a wheel for python3.13, or use python3.12 in plugin.toml.",
        ),
        (
            "numpy<1.26",
            "numpy",
            "",
            "numpy (<1.26) has no wheel for python3.13; numpy 1.25.2 has one for python3.11.",
            "Require numpy 2.4.0, which has a wheel for python3.13, or use python3.11 in plugin.toml.",
        ),
        (
            "numpy\nNumPy<1.26",
            "numpy",
            "",
            "numpy (<1.26) has no wheel for python3.13; numpy 1.25.2 has one for python3.11.",
            "Require numpy 2.4.0, which has a wheel for python3.13, or use python3.11 in plugin.toml.",
        ),
        (
            "parent",
            "numpy",
            "Because parent==1 depends on numpy>=1.20,<1.26, we can conclude",
            "numpy (<1.26,>=1.20) has no wheel for python3.13; numpy 1.25.2 has one for python3.11.",
            "Require numpy 2.4.0, which has a wheel for python3.13, or use python3.11 in plugin.toml.",
        ),
        (
            "abandoned",
            "abandoned",
            "",
            "abandoned has no wheel for python3.13; abandoned 0.9 has one for python3.11.",
            "Use python3.11 in plugin.toml.",
        ),
        (
            "renewed==1.0",
            "renewed",
            "",
            "renewed 1.0 has no wheel for python3.13.",
            (
                "Require renewed 2.0, which has a wheel for python3.13, or add this to plugin.toml to build the "
                "required version from source."
            ),
        ),
    ],
    ids=["exact", "range", "two lines", "by a package", "another runtime only", "another version only"],
)
def test_the_error_names_what_has_a_wheel(requirements: str, name: str, more: str, message: str, hint: str) -> None:
    (problem,) = found(requirements, name, more)
    assert (problem.message, problem.hint) == (message, hint)


def test_packages_without_wheels_or_already_explained_are_skipped() -> None:
    assert found("docopt", "docopt") == []
    assert list(explain_other_runtimes(OUTPUT.format("numpy"), ("numpy==1.26.4",), NEW, available, {"numpy"})) == []
    assert list(explain_other_runtimes("No solution found", ("numpy",), NEW, available)) == []

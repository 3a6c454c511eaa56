"""The text of ``requirements.lock``."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from builder.dependencies.lock.requirements_lock import (
    Pin,
    PythonLock,
    parse_lock,
    pinned_versions,
    render_lock,
    stale_reason,
)
from builder.errors import DependencyError
from builder.platform.runtimes import RUNTIMES

DIGEST = "sha256:" + "0a" * 32
HEAD = f"# runtime: python3.13\n# glibc: 2.34\n# inputs: {DIGEST}\n"

pins = some.builds(
    Pin,
    name=some.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True),
    version=some.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}(rc[0-9])?(\+[a-z0-9]{1,8})?", fullmatch=True),
    digest=some.binary(min_size=32, max_size=32).map(lambda data: f"sha256:{data.hex()}"),
    wheel=some.just("") | some.from_regex(r"[A-Za-z0-9._+-]{1,40}\.whl", fullmatch=True),
    source=some.just("") | some.just(f"a-1.tar.gz {DIGEST} by setuptools (84.2.1)"),
)
locks = some.builds(
    PythonLock,
    runtime=some.sampled_from(["python3.11", "python3.13"]),
    glibc=some.sampled_from(["2.26", "2.34"]),
    inputs=some.just(DIGEST),
    pins=some.lists(pins, unique_by=lambda pin: pin.name, max_size=8).map(
        lambda found: tuple(sorted(found, key=lambda pin: pin.name))
    ),
)


@given(locks)
def test_a_lock_round_trips(lock: PythonLock) -> None:
    assert parse_lock(render_lock(lock)) == lock


@pytest.mark.parametrize(
    "line",
    [
        "a==1",
        "a>=1 --hash=" + DIGEST,
        f"a==1 --hash={DIGEST} --hash={DIGEST}",
        f"a==1 --hash={DIGEST[:-1]}",
        f"a==1 --hash=md5:{'0' * 32}",
        f"A==1 --hash={DIGEST}",
        f" a==1 --hash={DIGEST}",
        f"a==1 --hash={DIGEST}  # note",
        "--index-url https://elsewhere.example/simple",
        "-r other.txt",
        "a @ https://elsewhere.example/a.whl",
        f"a==1;python_version>'3' --hash={DIGEST}",
    ],
)
def test_an_invalid_line_is_reported_with_its_number(line: str) -> None:
    with pytest.raises(DependencyError) as caught:
        parse_lock(f"{HEAD}{line}\n")
    assert [problem.where for problem in caught.value.problems] == ["requirements.lock:4"]


def test_a_package_cannot_be_pinned_twice() -> None:
    with pytest.raises(DependencyError) as caught:
        parse_lock(f"{HEAD}a==1 --hash={DIGEST}\na==2 --hash={DIGEST}\n")
    assert "Duplicate pin" in caught.value.problems[0].message


def test_a_lock_of_another_tool_is_refused() -> None:
    with pytest.raises(DependencyError, match="not a lock that the kit wrote"):
        parse_lock(f"a==1 --hash={DIGEST}\n")


@pytest.mark.parametrize(
    ("runtime", "glibc", "inputs", "words"),
    [
        ("python3.13", "2.34", DIGEST, ""),
        ("python3.12", "2.34", DIGEST, "was made for python3.12, but plugin.toml says python3.13"),
        ("python3.13", "2.26", DIGEST, "was made for glibc 2.26"),
        ("python3.13", "2.34", "sha256:00", "pyproject.toml has changed since"),
    ],
    ids=["fresh", "runtime", "glibc", "inputs"],
)
def test_an_outdated_lock_has_a_reason(runtime: str, glibc: str, inputs: str, words: str) -> None:
    lock = PythonLock(runtime=runtime, glibc=glibc, inputs=inputs, pins=())
    reason = stale_reason(lock, RUNTIMES["python3.13"], DIGEST, "pyproject.toml")
    assert (words in reason) if words else not reason


def test_pinned_versions_are_plain_lines() -> None:
    assert pinned_versions([Pin(name="a", version="1", digest=DIGEST)]) == "a==1\n"

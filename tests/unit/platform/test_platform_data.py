"""The platform's data agrees with itself."""

from __future__ import annotations

import re
import sys

import pytest

from builder.platform import api_catalog, limits, reserved_variables
from builder.platform.lambda_modules import standard_library
from builder.platform.runtimes import OTHER_LANGUAGES, RUNTIMES, UNBUILT_RUNTIMES, Runtime
from builder.platform.schedule import CRON_FIELDS


@pytest.mark.parametrize("runtime", RUNTIMES.values(), ids=list(RUNTIMES))
def test_a_runtime_is_deprecated_before_it_is_blocked(runtime: Runtime) -> None:
    assert runtime.deprecated < runtime.create_blocked < runtime.update_blocked


def test_every_runtime_of_both_languages_is_listed() -> None:
    assert list(RUNTIMES) == [
        *(f"python3.{minor}" for minor in range(9, 15)),
        *(f"nodejs{major}.x" for major in (16, 18, 20, 22, 24)),
    ]


def test_a_runtime_is_supported_or_listed_as_unbuilt() -> None:
    assert not RUNTIMES.keys() & UNBUILT_RUNTIMES.keys()
    assert all(name == runtime.name and name.startswith(OTHER_LANGUAGES) for name, runtime in UNBUILT_RUNTIMES.items())
    assert all(runtime.create_blocked < runtime.update_blocked for runtime in UNBUILT_RUNTIMES.values())


@pytest.mark.parametrize(
    ("name", "language", "version", "glibc"),
    [
        ("python3.11", "python", "3.11", (2, 26)),
        ("python3.12", "python", "3.12", (2, 34)),
        ("nodejs18.x", "nodejs", "18", (2, 26)),
        ("nodejs22.x", "nodejs", "22", (2, 34)),
    ],
)
def test_a_runtime_has_its_language_and_c_library(
    name: str, language: str, version: str, glibc: tuple[int, int]
) -> None:
    runtime = RUNTIMES[name]
    assert (runtime.language, runtime.version, runtime.glibc) == (language, version, glibc)


def test_a_full_function_name_fits_into_lambdas_64_characters() -> None:
    assert len(limits.NAME_PREFIX) + limits.NAME_MAX == 64


def test_sizes_are_whole_mebibytes() -> None:
    assert (limits.ZIP_MAX, limits.UNZIPPED_MAX) == (50 * 1024**2, 250 * 1024**2)


def test_the_catalog_has_28_actions_and_11_entity_types() -> None:
    assert (len(api_catalog.ACTIONS), len(api_catalog.ENTITY_TYPES)) == (28, 11)
    assert set(api_catalog.ACTIONS_BY_ENTITY) == set(api_catalog.ENTITY_TYPES)


def test_names_that_aws_leaves_to_users_are_not_reserved() -> None:
    free = {"AWS_LAMBDA_EXEC_WRAPPER", "NODE_OPTIONS", "PYTHONPATH", "LD_LIBRARY_PATH", "TZ", "LANG"}
    assert not free & reserved_variables.RESERVED_NAMES


def test_the_kits_own_variables_have_valid_names() -> None:
    assert re.fullmatch(reserved_variables.KEY_PATTERN, reserved_variables.TREE_DIGEST_NAME)


def test_names_in_a_schedule_cover_every_number() -> None:
    assert all(len(field.words) in {0, field.high - field.low + 1} for field in CRON_FIELDS)


def test_the_standard_library_is_that_of_this_python() -> None:
    differing = standard_library(f"3.{sys.version_info.minor}") ^ sys.stdlib_module_names
    # Patch releases add and remove private helpers, never a public module.
    assert {name for name in differing if not name.startswith("_")} == set()


@pytest.mark.parametrize(
    ("name", "versions"),
    [
        ("asyncio", "3.9 3.10 3.11 3.12 3.13 3.14"),
        ("tomllib", "3.11 3.12 3.13 3.14"),
        ("distutils", "3.9 3.10 3.11"),
        ("telnetlib", "3.9 3.10 3.11 3.12"),
        ("annotationlib", "3.14"),
        ("requests", ""),
    ],
)
def test_modules_depend_on_the_version_of_python(name: str, versions: str) -> None:
    every = [runtime.version for runtime in RUNTIMES.values() if runtime.language == "python"]
    assert [version for version in every if name in standard_library(version)] == versions.split()

"""The commands and environments of pip, uv and npm."""

from __future__ import annotations

import pytest

from builder.build_values import LockedPackage
from builder.dependencies.npm.npm_client import compute_integrity, lock_command, pack_command, split_batches
from builder.dependencies.operator_settings import (
    build_environment,
    ignored_project_settings,
    npm_environment,
    pip_environment,
    pip_settings,
    uv_environment,
)
from builder.dependencies.python.pip_client import download_command
from builder.dependencies.python.platform_tags import abis, platforms, uv_platform
from builder.dependencies.python.uv import ResolutionRequest, compile_command, parse_resolution
from builder.dependencies.python.wheels import RequestedWheel, hashed_requirements, split_downloads
from builder.platform.runtimes import RUNTIMES

OLD, NEW = RUNTIMES["python3.11"], RUNTIMES["python3.13"]


def test_the_uv_command_names_the_runtime_and_forbids_builds_and_python_downloads() -> None:
    request = ResolutionRequest(requirements=("a",), constraints=(), preferences="", runtime=NEW)
    assert compile_command("uv", "python", request) == [
        "uv", "pip", "compile", "--quiet", "requirements.in", "--constraints", "constraints.txt",
        "--output-file", "resolution.txt",
        "--python", "python", "--no-python-downloads", "--python-version", "3.13",
        "--python-platform", "x86_64-manylinux_2_34",
        "--only-binary", ":all:", "--generate-hashes", "--no-header", "--no-annotate",
    ]  # fmt: skip


def test_only_listed_packages_are_built_from_source() -> None:
    request = ResolutionRequest(
        requirements=("a",), constraints=(), preferences="", runtime=NEW, source_packages=("docopt", "b")
    )
    command = compile_command("uv", "python", request)
    at = command.index("--only-binary")
    assert command[at : at + 4] == ["--only-binary", ":all:", "--no-binary=docopt", "--no-binary=b"]


def test_a_build_environment_has_only_the_index_settings_of_the_operator() -> None:
    index = {"PATH": "/bin", "HOME": "/home/a", "PIP_INDEX_URL": "https://a/simple", "https_proxy": "p", "LC_ALL": "C"}
    others = {"AWS_SECRET_ACCESS_KEY": "s", "BIOT_TOKEN": "s", "GITHUB_TOKEN": "s", "PYTHONPATH": "/x", "MY_PIP_X": "s"}
    fixed = {"SOURCE_DATE_EPOCH": "315532800", "PYTHONHASHSEED": "0", "TZ": "UTC"}
    assert build_environment({**index, **others, "TZ": "Asia/Tokyo"}) == {**index, **fixed}


def test_the_dev_lock_is_universal_from_the_projects_lowest_python() -> None:
    request = ResolutionRequest(
        requirements=("a",), constraints=(), preferences="", runtime=NEW, universal=True, lowest_python="3.12"
    )
    command = compile_command("uv", "python", request)
    assert "--universal" in command
    assert "--python-platform" not in command
    assert command[command.index("--python-version") + 1] == "3.12"


def test_the_pip_command_lists_every_platform_up_to_the_runtimes_glibc() -> None:
    command = download_command("python", "wanted.txt", "wheels", OLD)
    assert command[:9] == [
        "python",
        "-P",
        "-m",
        "pip",
        "download",
        "--no-input",
        "--no-deps",
        "--require-hashes",
        "--only-binary",
    ]
    named = [command[at + 1] for at, word in enumerate(command) if word == "--platform"]
    assert named == list(platforms(OLD))
    assert [command[at + 1] for at, word in enumerate(command) if word == "--abi"] == ["cp311", "abi3", "none"]
    assert command[-4:] == ["--dest", "wheels", "--requirement", "wanted.txt"]  # fmt: skip


def test_platform_tags_start_at_the_runtime_and_include_the_old_names() -> None:
    tags = platforms(OLD)
    assert tags[0] == "manylinux_2_26_x86_64"
    assert tags[-4:] == ("manylinux_2_6_x86_64", "manylinux_2_5_x86_64", "manylinux1_x86_64", "linux_x86_64")
    assert tags[tags.index("manylinux_2_17_x86_64") + 1] == "manylinux2014_x86_64"
    assert not any("2_27" in tag or "musl" in tag for tag in tags)
    assert (uv_platform(OLD), uv_platform(NEW)) == ("x86_64-manylinux2014", "x86_64-manylinux_2_34")
    assert abis(NEW) == ("cp313", "abi3", "none")


def test_npm_never_runs_scripts_and_ends_its_options_before_names() -> None:
    for command in (lock_command("npm"), pack_command("npm", ["a@1"])):
        assert "--ignore-scripts" in command
    assert pack_command("npm", ["a@1", "b@2"])[-3:] == ["--", "a@1", "b@2"]
    assert "--omit-lockfile-registry-resolved" in lock_command("npm")


def test_two_tarballs_with_the_same_name_are_in_different_batches() -> None:
    packages = [LockedPackage(name=name, version="1.0.0", digest="") for name in ("@a/b-c", "@a-b/c", "other")]
    assert [[one.name for one in batch] for batch in split_batches(packages)] == [["@a/b-c", "other"], ["@a-b/c"]]


def test_integrity_has_npms_format() -> None:
    empty = "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="
    assert compute_integrity(b"") == f"sha512-{empty}"


def test_a_resolution_is_parsed_with_every_hash() -> None:
    one, two = "sha256:" + "1" * 64, "sha256:" + "2" * 64
    text = f"a-b==1.0 \\\n    --hash={one} \\\n    --hash={two}\nc==2+local \\\n    --hash={one}\n"
    assert [(found.name, found.version, found.digests) for found in parse_resolution(text)] == [
        ("a-b", "1.0", (one, two)),
        ("c", "2+local", (one,)),
    ]


def test_hashed_requirements_have_all_hashes() -> None:
    wanted = [RequestedWheel(name="a", version="1", digests=("sha256:x", "sha256:y"))]
    assert hashed_requirements(wanted) == "a==1 --hash=sha256:x --hash=sha256:y\n"


LISTING = """\
:env:.cert='/env/ca.pem'
download.index-url='https://download.example/simple'
global.cert='/global/ca.pem'
global.index-url='https://global.example/simple'
install.index-url='https://install.example/simple'
"""


def test_pip_settings_of_the_environment_override_download_and_global() -> None:
    assert pip_settings(LISTING) == {"cert": "/env/ca.pem", "index-url": "https://download.example/simple"}


@pytest.mark.parametrize(
    ("environment", "configured", "index"),
    [
        ({}, False, "https://pip.example/simple"),
        ({"UV_DEFAULT_INDEX": "https://uv.example/simple"}, False, "https://uv.example/simple"),
        ({"UV_INDEX_URL": "https://uv.example/simple"}, False, None),
        ({}, True, None),
    ],
    ids=["pip's index is handed on", "uv's own", "uv's older own", "uv.toml"],
)
def test_uv_gets_pips_index_only_without_its_own(
    environment: dict[str, str], configured: bool, index: str | None
) -> None:
    made = uv_environment(environment, {"index-url": "https://pip.example/simple"}, configured=configured)
    assert made.get("UV_DEFAULT_INDEX") == index


def test_uv_gets_pips_certificates_and_proxy() -> None:
    made = uv_environment({"ALL_PROXY": "http://mine"}, {"cert": "/ca.pem", "proxy": "http://other"}, configured=False)
    assert (made["SSL_CERT_FILE"], made["ALL_PROXY"]) == ("/ca.pem", "http://mine")


def test_settings_that_change_the_choice_reach_neither_uv_nor_pip() -> None:
    operator = {
        "UV_PRERELEASE": "allow",
        "UV_CONSTRAINT": "x",
        "PIP_PRE": "1",
        "PIP_TARGET": "x",
        "PIP_CERT": "/ca",
        "A": "b",
    }
    assert "UV_PRERELEASE" not in uv_environment(operator, {}, configured=False)
    made = pip_environment(operator, {})
    assert {name for name in made if name.startswith("PIP_")} == {
        "PIP_CERT",
        "PIP_DISABLE_PIP_VERSION_CHECK",
        "PIP_NO_INPUT",
    }
    assert made["A"] == "b"


def test_pip_gets_uvs_index_without_its_own() -> None:
    environment = {"UV_DEFAULT_INDEX": "https://uv.example/simple"}
    assert pip_environment(environment, {})["PIP_INDEX_URL"] == "https://uv.example/simple"
    assert "PIP_INDEX_URL" not in pip_environment(environment, {"index-url": "https://pip.example"})


def test_inside_npm_run_the_projects_npmrc_settings_are_removed() -> None:
    operator = {"npm_config_registry": "https://project.example", "NPM_CONFIG_REGISTRY": "https://mine.example"}
    assert npm_environment(operator).items() >= operator.items()
    inside = {**operator, "npm_lifecycle_event": "package", "npm_package_name": "x"}
    seen = {name: value for name, value in npm_environment(inside).items() if "RETRY" not in name.upper()}
    assert seen == {"NPM_CONFIG_REGISTRY": "https://mine.example"}


def test_npm_retries_a_silent_registry_soon_unless_the_operator_sets_the_wait() -> None:
    waits = {"npm_config_fetch_retry_mintimeout": "2000", "npm_config_fetch_retry_maxtimeout": "10000"}
    assert npm_environment({}) == waits
    environment = {"NPM_CONFIG_FETCH_RETRY_MINTIMEOUT": "30000", "npm_config_fetch_retry_maxtimeout": "90000"}
    assert npm_environment(environment) == environment


def test_each_ignored_project_setting_is_noted_once() -> None:
    pyproject: dict[str, object] = {"tool": {"uv": {"index": [], "extra-index-url": [], "package": False}}}
    notes = ignored_project_settings(pyproject, ["uv.toml", "pip.conf", "plugin.toml", ".npmrc"])
    assert [note.split(" ", 1)[0] for note in notes] == [
        ".npmrc",
        "pip.conf",
        "uv.toml",
        "pyproject.toml:",
        "pyproject.toml:",
    ]


@pytest.mark.parametrize(("count", "sizes"), [(1, [1]), (7, [7]), (8, [4, 4]), (9, [5, 4])])
def test_many_wheels_are_split_between_two_processes(count: int, sizes: list[int]) -> None:
    wanted = tuple(RequestedWheel(name=f"p{number}", version="1", digests=()) for number in range(count))
    parts = split_downloads(wanted)
    assert [len(part) for part in parts] == sizes
    assert {one for part in parts for one in part} == set(wanted)


def test_pip_gets_one_version_of_a_package_at_a_time() -> None:
    wanted = tuple(
        RequestedWheel(name=f"p{number}", version=version, digests=()) for number in range(9) for version in ("1", "2")
    )
    parts = split_downloads((*wanted, RequestedWheel(name="p0", version="3", digests=())))
    assert [len(part) for part in parts] == [5, 4, 5, 4, 1]
    assert all(len({one.name for one in part}) == len(part) for part in parts)


def test_packages_with_platform_wheels_are_split_evenly() -> None:
    wheels = ("p-1-py3-none-any.whl", "p-1-cp313-cp313-manylinux2014_x86_64.whl")
    wanted = tuple(
        RequestedWheel(name=f"p{number}", version="1", digests=(), wheel=wheels[number % 4 == 0])
        for number in range(16)
    )
    parts = split_downloads(wanted)
    assert [sum(one.wheel == wheels[1] for one in part) for part in parts] == [2, 2]
    assert {one for part in parts for one in part} == set(wanted)

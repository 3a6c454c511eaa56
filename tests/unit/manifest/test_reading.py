"""A whole plugin.toml: all problems at once with their lines, environments, hostile texts, and the way back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from builder.errors import ManifestError, Severity, UsageError
from builder.manifest import render_config, render_toml
from builder.manifest.model import (
    Build,
    Cors,
    EnabledState,
    Interception,
    InterceptionType,
    Manifest,
    Notification,
    PackageType,
    Plugin,
    Subscriptions,
)
from builder.manifest.text.line_numbers import line_numbers
from builder.manifest.text.toml_document import decode
from tests.support.plugins.manifest_texts import FILE, PLAIN, problems_of, read
from tests.support.repetitions import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

V = TypeVar("V")
MANY = """\
[plugin]
name = "age calculator"
displayNme = "Age"
version = true
runtime = "python3.13"
environmentVariables.BIOT_A = "1"
environmentVariables.AB = 2
subscriptions.interceptions = [
  { type = "PRE_REQUEST", apiId = "POST/a" },
  # The second one.
  { type = "PRE_REQUEST", apiId = "POST a" },
]
cors.allowMethods = ["GET",
  "TRACE"]
[build]
root = "../x"
[environments."my dev"]
timeout = 0
"""


def test_every_problem_is_reported_at_once_with_file_line_and_key() -> None:
    places = [(problem.line, problem.key) for problem in problems_of(MANY)]
    assert {problem.file for problem in problems_of(MANY)} == {"plugin.toml"}
    assert places == sorted(places, key=lambda place: place[0])
    assert set(places) >= {
        (1, "plugin.displayName"),
        (2, "plugin.name"),
        (3, "plugin.displayNme"),
        (4, "plugin.version"),
        (6, "plugin.environmentVariables.BIOT_A"),
        (7, "plugin.environmentVariables.AB"),
        (11, "plugin.subscriptions.interceptions[1].apiId"),
        (14, "plugin.cors.allowMethods[1]"),
        (16, "build.root"),
        (17, 'environments."my dev".baseUrl'),
        (18, 'environments."my dev".timeout'),
    }


@pytest.mark.parametrize("value", ["1.5", "2026-01-01"])
@pytest.mark.parametrize("key", ["name", "displayName", "version", "runtime"])
def test_a_value_of_a_wrong_type_is_one_problem_and_not_also_missing(key: str, value: str) -> None:
    lines = {"name": '"a"', "displayName": '"A"', "version": "1", "runtime": '"python3.13"'} | {key: value}
    problems = problems_of("[plugin]\n" + "".join(f"{name} = {written}\n" for name, written in lines.items()))

    assert [problem.key for problem in problems] == [f"plugin.{key}"]


def test_an_empty_option_is_reported_with_the_options() -> None:
    problems = problems_of(
        '[plugin]\nname = "a"\ndisplayName = "A"\nversion = 1\nruntime = "python3.13"\nenabledState = ""\n'
    )

    assert problems[0].message == 'enabledState must be "ENABLED" or "DISABLED".'


def test_the_error_counts_its_problems_and_carries_the_warnings_too() -> None:
    with pytest.raises(ManifestError) as caught:
        read(PLAIN.replace("python3.13", "python3.10") + "timeout = 0\n")
    assert caught.value.message == "plugin.toml has 1 problem and 1 warning."
    assert [problem.severity for problem in caught.value.problems] == [Severity.WARNING, Severity.ERROR]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("displayname", "displayName"), ("memory_size", "memorySize"), ("enviromentVariables", "environmentVariables")],
)
def test_an_unknown_key_gets_a_suggestion(written: str, meant: str) -> None:
    (problem,) = problems_of(PLAIN + f'{written} = ""\n')
    assert problem.hint == f"Did you mean {meant}?"


def test_an_environment_changes_only_what_it_names() -> None:
    text = (
        PLAIN
        + 'timeout = 30\nenvironmentVariables = { LEVEL = "INFO", MODE = "a" }\n'
        + '[environments.dev]\nbaseUrl = "https://a.example.com"\nversion = 7\n'
        + 'environmentVariables = { LEVEL = "DEBUG" }\n'
    )
    applied, base = read(text, environment="dev").manifest, read(text).manifest
    assert applied.plugin.environment_variables == {"LEVEL": "DEBUG", "MODE": "a"}
    assert (applied.plugin.version, applied.plugin.timeout, applied.environment) == (7, 30, "dev")
    assert (base.plugin.version, base.environment) == (1, None)
    assert base.environments == applied.environments


def test_the_local_environment_needs_no_table_and_no_address() -> None:
    table = '[environments.local]\ndisplayName = "On my desk"\n'

    assert read(PLAIN, environment="local").manifest.plugin == read(PLAIN).manifest.plugin
    assert read(PLAIN + table, environment="local").manifest.plugin.display_name == "On my desk"
    assert "baseUrl" in problems_of(PLAIN + table.replace("local", "dev"))[0].message


def test_an_unknown_environment_is_reported_with_the_known_ones() -> None:
    text = PLAIN + '[environments.prod]\nbaseUrl = "https://a.example.com"\n'
    with pytest.raises(UsageError) as caught:
        read(text, environment="prd")
    assert caught.value.message == "Unknown environment prd. Known environments: local, prod."
    assert caught.value.hint == "Did you mean -e prod?"


def test_an_environment_without_a_similar_name_gets_a_table_to_add() -> None:
    with pytest.raises(UsageError) as caught:
        read(PLAIN, environment="qa9")
    assert read(f"{PLAIN}{caught.value.setting}\n", environment="qa9").manifest.environment == "qa9"


def test_a_misspelt_local_gets_a_suggestion() -> None:
    with pytest.raises(UsageError) as caught:
        read(PLAIN, environment="locl")
    assert caught.value.hint == "Did you mean -e local?"


def test_a_problem_of_the_plugin_is_not_repeated_for_each_environment() -> None:
    text = PLAIN + 'handler = "x"\n[environments.a]\nbaseUrl = "https://a.example.com"\n'
    assert [problem.key for problem in problems_of(text)] == ["plugin.handler"]


def test_the_configuration_has_every_documented_default() -> None:
    assert render_config(read(PLAIN).manifest.plugin) == {
        "name": "age-calculator",
        "displayName": "Age Calculator",
        "version": 1,
        "runtime": "python3.13",
        "handler": "index.handler",
        "timeout": 60,
        "memorySize": 128,
        "ephemeralStorage": 512,
        "environmentVariables": {},
        "subscriptions": {},
        "deploymentPackageType": "ZIP",
        "analyticsDbAccess": False,
        "cors": {
            "allowOrigins": ["*"],
            "allowMethods": ["GET", "POST"],
            "allowHeaders": ["authorization", "content-type"],
            "exposeHeaders": [],
        },
    }


def test_the_configuration_of_a_subscriber_has_both_lists_and_no_empty_values() -> None:
    text = PLAIN + '[[plugin.subscriptions.interceptions]]\ntype = "ADAPT_ENTITY"\nentityTypeName = "patient"\n'
    assert render_config(read(text).manifest.plugin)["subscriptions"] == {
        "interceptions": [{"type": "ADAPT_ENTITY", "entityTypeName": "patient"}],
        "notifications": [],
    }


def test_the_tree_digest_is_added_to_the_variables() -> None:
    plugin = read(PLAIN + 'environmentVariables = { LEVEL = "INFO" }\n').manifest.plugin
    sent = render_config(plugin, tree_digest="sha256:00")
    assert sent["environmentVariables"] == {"LEVEL": "INFO", "PLUGIN_TREE_DIGEST": "sha256:00"}
    assert plugin.environment_variables == {"LEVEL": "INFO"}


def test_an_image_is_sent_without_the_keys_that_biot_ignores() -> None:
    text = PLAIN + 'deploymentPackageType = "IMAGE"\nimageTag = "1.0"\n'
    sent = render_config(read(text).manifest.plugin)
    assert {"handler", "runtime"}.isdisjoint(sent)
    assert (sent["imageTag"], sent["deploymentPackageType"]) == ("1.0", "IMAGE")


def test_keys_of_every_form_have_a_line() -> None:
    text = 'a.b = 1\n"c.d" = [\n 1,\n { e = 2 },\n]\n[[t]]\nx = """\n]\n"""\n[[t]]\n[t.u]\ny = {z = {w = "#"}} # w\n'
    lines = line_numbers(text)
    wanted = {
        ("a",): 1, ("a", "b"): 1, ("c.d",): 2, ("c.d", 0): 3, ("c.d", 1, "e"): 4, ("t", 0, "x"): 7, ("t", 1): 10,
        ("t", 1, "u", "y", "z", "w"): 12,
    }  # fmt: skip
    assert wanted.items() <= lines.items()


HOSTILE = {
    "dotted key of 100 KB": "a." * 50_000 + "a = 1",
    "dotted table of 100 KB": "[" + "a." * 50_000 + "a]",
    "dotted key in a table": "a = {" + "b." * 50_000 + "b = 1}",
    "dotted key with spaces": "a . " * 50_000 + "a = 1",
    "dotted key of quoted parts": "'a'.\"b\"." * 20_000 + "a = 1",
    "deep lists": "a = " + "[" * 100_000,
    "deep tables": "a = " + "{a=" * 60_000,
    "deep lists that close": "a = " + "[" * 90_000 + "]" * 90_000,
    "many keys": "\n".join(f"k{number} = 1" for number in range(20_000)),
    "many tables": "\n".join(f"[a{number}]" for number in range(20_000)),
    "many rows": "[[plugin]]\n" * 20_000,
    "long list": "a = [" + "1," * 120_000 + "]",
    "long list of the wrong kind": "[build]\nscripts = [" + "1," * 100_000 + "]",
    "long list of equals": "[build]\nscripts = [" + '"a",' * 60_000 + "]",
    "long number": "a = " + "9" * 200_000,
    "open strings": 'a = """' + '\\"""' * 60_000,
    "open quotes": "'''\"\"\"" * 30_000,
    "escapes": 'a = "' + "\\" * 200_001,
    "NUL": PLAIN.replace("Age", "A\0e"),
    "escape sequence": PLAIN.replace("Age", "\x1b]52;c;"),
    "bidirectional": PLAIN.replace("Age", "\u202eegA"),
    "lone surrogate": PLAIN.replace("Age", "\ud800"),
    "300 KB": "# " + "x" * 300_000,
    "too large integer for a date": "a = 9999-99-99",
    "long unknown keys": "\n".join("k" * 60 + f"{number} = 1" for number in range(3_000)),
    "long interceptions": "[plugin]\nsubscriptions.interceptions = [" + "{}," * 60_000 + "]",
    "commas": "a = [" + "," * 200_000,
    "dots": "." * 200_000,
    "equals": "=" * 200_000,
    "long schedule": PLAIN + f'cronSchedule = "{"1," * 120 + "1"} * * * ? *"',
    "empty": "",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_gives_an_error_after_bounded_work(text: str) -> None:
    started = time.process_time()
    with pytest.raises(ManifestError) as caught:
        read(text)
    assert time.process_time() - started < 20  # about 0.3 s; work that grows with the square takes minutes
    assert caught.value.problems
    assert all(problem.message and len(problem.message) < 600 for problem in caught.value.problems)


BOUNDS = {
    "depth": (
        "a = " + "[" * 32 + "]" * 32,
        "a = " + "[" * 33 + "]" * 33,
        "Brackets are nested more than 32 levels deep.",
    ),
    "parts": ("a." * 15 + "a = 1", "a." * 16 + "a = 1", "A dotted key or table name has more than 16 parts."),
    "keys": (
        "a = [" + "1," * 4_999 + "]",
        "a = [" + "1," * 5_000 + "]",
        "The file has more than 5000 keys and list entries.",
    ),
}


@pytest.mark.parametrize(("within", "beyond", "message"), BOUNDS.values(), ids=BOUNDS)
def test_a_limit_is_reported_from_the_first_step_beyond_it(within: str, beyond: str, message: str) -> None:
    assert message not in {problem.message for problem in problems_of(within)}
    assert [problem.message for problem in problems_of(beyond)] == [message]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"\xff[plugin]", "Byte 0xFF is not valid UTF-8"),
        (b"x" * 10_000_000, "The file is larger than 256 KiB"),
    ],
    ids=["not UTF-8", "10 MB"],
)
def test_bytes_that_are_not_a_manifest_are_rejected(raw: bytes, message: str) -> None:
    with pytest.raises(ManifestError) as caught:
        decode(raw, file="plugin.toml")
    assert caught.value.problems[0].message.startswith(message)


def test_a_byte_order_mark_is_not_part_of_the_text() -> None:
    assert decode(b"\xef\xbb\xbf" + PLAIN.encode(), file="plugin.toml") == PLAIN


texts = st.text(st.sampled_from("[]{}=.,\"'\\#\n \tabu019-_:TZ\u202e\0"), max_size=200)


@settings(max_examples=examples(150), deadline=None)
@given(st.one_of(st.text(max_size=200), texts, texts.map(lambda tail: PLAIN + tail)))
@example("a" + "." * 17 + "a")
def test_any_text_gives_a_manifest_or_a_manifest_error(text: str) -> None:
    """Law: whatever the text, there is a manifest or a ManifestError, soon."""
    try:
        loaded = read(text)
    except ManifestError:
        assert problems_of(text)
    else:
        assert read(render_toml(loaded.manifest)).manifest == loaded.manifest


names = st.from_regex(r"[a-zA-Z0-9_-]{1,57}", fullmatch=True).filter(lambda name: not name.startswith("Plugin-"))
words = st.from_regex(r"[A-Z][A-Z0-9_]{1,12}", fullmatch=True).filter(
    lambda word: not word.startswith(("BIOT_", "AWS_", "LAMBDA_", "PLUGIN_"))
)
visible = st.text(st.characters(categories=["L", "N", "P", "S"], codec="utf-8"), min_size=1, max_size=40)
orders = st.none() | st.integers(2, 2**31 - 1)
parts = st.from_regex(r"[a-z0-9]{1,8}|\{[a-z]{1,8}\}", fullmatch=True)
paths = st.lists(parts, min_size=1, max_size=4).map("/".join)


def values_of(kind: Callable[..., V], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[V]:
    """Values of a class; ``st.builds`` would look up the types of its fields, which are imported for mypy only."""
    return st.fixed_dictionaries(fields).map(lambda chosen: kind(**chosen))


api_ids = st.builds("{}/{}".format, st.sampled_from(["GET", "PATCH"]), paths)
interceptions = st.one_of(
    values_of(
        Interception,
        type=st.sampled_from([InterceptionType.PRE_REQUEST, InterceptionType.POST_REQUEST]),
        api_id=api_ids,
        order=orders,
    ),
    values_of(
        Interception,
        type=st.just(InterceptionType.ADAPT_ENTITY),
        entity_type_name=st.sampled_from(["patient", "device"]),
        order=orders,
    ),
)
notifications = values_of(
    Notification,
    entity_type_name=st.just("device"),
    action_name=st.sampled_from(["_create", "_delete"]),
    template_name=st.none() | visible,
)
subscriptions = values_of(
    Subscriptions,
    interception_order=orders,
    interceptions=st.lists(interceptions, max_size=4, unique_by=lambda row: (row.type, row.api_id)).map(tuple),
    notifications=st.lists(notifications, max_size=4, unique=True).map(tuple),
)
variables = st.dictionaries(words, visible | st.just('a\n"b"\t\\'), max_size=5)
origins = st.sampled_from([(), ("*",), ("https://a.example.com", "http://localhost:1")])
plugins = values_of(
    Plugin,
    name=names,
    display_name=visible,
    version=st.integers(1, 32_000),
    runtime=st.sampled_from(["python3.13", "nodejs22.x"]),
    handler=st.sampled_from(["index.handler", "src/app.run"]),
    timeout=st.integers(1, 900),
    memory_size=st.integers(128, 10_240),
    ephemeral_storage=st.integers(512, 10_240),
    environment_variables=variables,
    subscriptions=subscriptions,
    enabled_state=st.none() | st.sampled_from(EnabledState),
    cron_schedule=st.none() | st.just("0 2 * * ? *"),
    deployment_package_type=st.just(PackageType.ZIP),
    analytics_db_access=st.booleans(),
    cors=values_of(Cors, allow_origins=origins, expose_headers=st.sampled_from([(), ("x-a",)])),
)
builds = values_of(
    Build,
    root=st.sampled_from(["src", ".", "a/b"]),
    requirements=st.none() | st.just("../requirements.txt"),
    include=st.sampled_from([(), ("data/*.json", "!x")]),
    scripts=st.sampled_from([(), ("ruff",)]),
    recompress=st.booleans(),
    shared=st.sampled_from([{}, {"../common": "common", "lib": "a/b"}]),
    prefer=st.sampled_from([{}, {"a/b.py": "c", "d e.py": "f"}]),
    allow_secrets=st.sampled_from([{}, {"src/a b.py:jwt": "a sample"}]),
    allow_sdist=st.sampled_from([(), ("docopt", "a.b-c")]),
    allow_missing=st.sampled_from([{}, {"libtbb.so.12": "numba falls back", "a.node": "plain JavaScript"}]),
)
environments: st.SearchStrategy[Mapping[str, Mapping[str, object]]] = st.dictionaries(
    st.sampled_from(["dev", "prod eu"]),
    variables.map(lambda chosen: {"baseUrl": "https://a.example.com", "environmentVariables": chosen}),
)


@settings(max_examples=examples(100), deadline=None)
@given(values_of(Manifest, file=st.just(FILE), plugin=plugins, build=builds, environments=environments))
def test_a_manifest_is_equal_after_writing_and_reading(manifest: Manifest) -> None:
    """Law: parse(render_toml(m)) == m, and its configuration has no value that JSON does not have."""
    assert read(render_toml(manifest)).manifest == manifest


@settings(max_examples=examples(30), deadline=None)
@given(plugins, variables)
def test_an_applied_environment_is_equal_after_writing_and_reading(plugin: Plugin, chosen: dict[str, str]) -> None:
    """Law: the same with an environment applied."""
    tables: dict[str, dict[str, object]] = {
        "dev": {"baseUrl": "https://a.example.com", "timeout": 5, "environmentVariables": chosen}
    }
    applied = read(render_toml(Manifest(file=FILE, plugin=plugin, environments=tables)), environment="dev").manifest
    assert read(render_toml(applied), environment="dev").manifest == applied

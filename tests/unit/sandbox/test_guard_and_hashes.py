"""The allowed host names, the size limits of bodies, and the hashes of secrets."""

from __future__ import annotations

import pytest

from sandbox.functions.lambda_facts import REQUEST_MAX
from sandbox.plugin_endpoints import endpoint_url
from sandbox.ums.secret_hashes import hash_secret, random_secret, secret_matches
from sandbox.web.guard import BODY_MAX, PLUGIN_BODY_MAX, allowed_names, body_limit, is_allowed


@pytest.mark.parametrize(
    ("base_url", "host", "passes"),
    [
        ("http://127.0.0.1:2468", "127.0.0.1:2468", True),
        ("http://127.0.0.1:2468", "127.0.0.1", False),
        ("http://127.0.0.1:80", "127.0.0.1", True),
        ("http://127.0.0.1:80", "localhost:80", True),
        ("http://127.0.0.1:80", "localhost:8080", False),
    ],
)
def test_the_port_can_be_left_out_only_if_it_is_the_default(base_url: str, host: str, *, passes: bool) -> None:
    assert is_allowed(allowed_names(base_url), [(b"host", host.encode())]) is passes


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("POST", "/settings/v2/plugins", PLUGIN_BODY_MAX),
        ("PATCH", "/settings/v2/plugins/Plugin-a", PLUGIN_BODY_MAX),
        ("PUT", "/settings/v2/plugins/Plugin-a", PLUGIN_BODY_MAX),
        ("GET", "/settings/v2/plugins", BODY_MAX),
        ("DELETE", "/settings/v2/plugins/Plugin-a", BODY_MAX),
        ("POST", "/settings/v2/plugins-of-others", BODY_MAX),
        ("POST", "/ums/v2/users/login", BODY_MAX),
        ("PUT", "/run/Plugin-a/hook", REQUEST_MAX),
    ],
)
def test_only_requests_with_plugins_can_be_large(method: str, path: str, limit: int) -> None:
    assert body_limit(method, path) == limit


@pytest.mark.parametrize("secret", ["", "password", "pässwörd \N{SNOWMAN}", "x" * 10_000])
def test_a_hash_matches_only_its_secret_and_does_not_contain_it(secret: str) -> None:
    stored_hash = hash_secret(secret)

    assert secret_matches(secret, stored_hash)
    assert not secret_matches(f"{secret}x", stored_hash)
    assert hash_secret(secret) != stored_hash, "each has its own salt"
    assert len(secret) < 5 or secret not in stored_hash


def test_random_secrets_are_unique() -> None:
    assert len({random_secret() for _ in range(100)}) == 100
    assert {len(random_secret()) for _ in range(100)} == {43}


def test_the_endpoint_of_a_plugin_is_an_address_of_this_biot() -> None:
    assert endpoint_url("http://127.0.0.1:2468", "Plugin-a") == "http://127.0.0.1:2468/run/Plugin-a/"

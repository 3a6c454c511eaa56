"""A client that is logged in to the registry of the local BioT."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.sandbox.pushed_images import RegistryClient, registry_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sandbox.running_sandbox import Sandbox


@pytest.fixture
def registry(sandbox: Sandbox) -> Iterator[RegistryClient]:
    client = registry_client(sandbox)
    with client.http:
        yield client

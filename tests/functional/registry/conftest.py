from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from builder.network.retries import RetryPolicy
from builder.network.secret_text import SecretText
from builder.network.server_connection import ConnectionTimeouts
from builder.registry import ImageReference, RegistryCredentials, RegistryOptions
from tests.support.servers.image_registry import PASSWORD, USER, ImageRegistry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def registry() -> Iterator[ImageRegistry]:
    with ImageRegistry(log_in="basic") as running:
        yield running


@pytest.fixture
def target(registry: ImageRegistry) -> ImageReference:
    return ImageReference(registry=registry.host, repository="plugins/acme")


@pytest.fixture
def options(tmp_path: Path) -> RegistryOptions:
    """Small chunks, short waits, and no setting of this machine."""
    return RegistryOptions(
        environ={"HOME": str(tmp_path)},
        retries=RetryPolicy(attempts=5, first_wait=0.001, longest_backoff=0.002, longest_wait=5.0),
        timeouts=ConnectionTimeouts(connect=2.0, read=0.4, write=2.0),
        exchange_seconds=1.0,
        chunk_bytes=64 * 1024,
    )


def right_credentials() -> RegistryCredentials:
    return RegistryCredentials(username=USER, password=SecretText(PASSWORD))

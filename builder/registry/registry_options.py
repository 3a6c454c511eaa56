"""What decides how patiently and how fast a registry is used."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from builder.network.retries import QUERY_RETRIES, RetryPolicy
from builder.network.server_connection import ConnectionTimeouts

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATIENT: Final = ConnectionTimeouts(connect=10.0, read=120.0, write=60.0)
"""A registry hashes a large layer before it answers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistryOptions:
    """How a registry is used.

    Attributes:
        environ: The process's environment: certificates, proxies, and where ``docker login`` stored credentials.
        retries: How often a request is repeated while nothing gets on.
        timeouts: Of every connection.
        exchange_seconds: For one exchange, besides the time that its bytes may take.
        slowest_rate: Bytes per second; a slower transfer is given up and resumed.
        chunk_bytes: Larger blobs are sent in chunks of this size. Amazon ECR wants at least 5 MiB.
        parallel: How many blobs are sent at the same time.
    """

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    retries: RetryPolicy = QUERY_RETRIES
    timeouts: ConnectionTimeouts = _PATIENT
    exchange_seconds: float = 60.0
    slowest_rate: int = 32 * 1024
    chunk_bytes: int = 16 * 1024 * 1024
    parallel: int = 4

    def seconds_for(self, size: int) -> float:
        """The time limit of an exchange that moves this many bytes."""
        return self.exchange_seconds + size / self.slowest_rate

"""Whether a registry accepts credentials, asked without reading or writing anything."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

from builder.registry.registry_calls import RegistryCalls
from builder.registry.registry_transport import RegistryRequest, RegistryTransport

if TYPE_CHECKING:
    from builder.registry.image_references import ImageReference
    from builder.registry.registry_log_in import CredentialSource
    from builder.registry.registry_options import RegistryOptions

_OK: Final = 200


def check_log_in(repository: ImageReference, credentials: CredentialSource, options: RegistryOptions) -> None:
    """Log in to the registry of a repository.

    Args:
        repository: Names the registry.
        credentials: Whose access it is.
        options: How the registry is used.

    Raises:
        RegistryAccessDeniedError: The registry does not accept the credentials.
        RegistryError: It gave no usable answer.
    """
    with closing(RegistryTransport(options)) as transport:
        scopes = (f"repository:{repository.repository}:pull,push",)
        calls = RegistryCalls(repository.base_url, transport, options, scopes, credentials)
        # "end-1" of the specification: answers 200 to whoever is logged in.
        calls.query(RegistryRequest(method="GET", url=f"{repository.base_url}/v2/"), {_OK})

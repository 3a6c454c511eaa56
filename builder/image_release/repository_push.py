"""Pushes to the repository of images that BioT names, with the temporary credentials that BioT gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from builder.image_release.local_ecr import log_in_locally
from builder.network.certificates import is_loopback
from builder.network.verdict import Verdict
from builder.publishing.failures import NoAnswer
from builder.registry import (
    InvalidTempCredentialsError,
    RegistryOptions,
    ecr_credentials,
    parse_temp_credentials,
    push_image,
)
from builder.registry.registry_failures import ImageTagConflictError, RegistryError, UnknownPushError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from builder.oci import StoredImage
    from builder.progress import Progress
    from builder.registry import PushedImage, RegistryCredentials, TempCredentials

_MEGABYTE = 1_000_000


class ImageRepository(Protocol):
    """BioT, asked for its repository of images."""

    def docker_credentials(self) -> Mapping[str, object]:
        """BioT's answer to ``temp-credentials``."""


class RepositoryLogIn:
    """The log-in to the repository of images of one environment.

    Args:
        biot: The environment.
        environ: The process's environment: certificates and proxies.

    Attributes:
        options: How the registry is used.
    """

    def __init__(self, biot: ImageRepository, environ: Mapping[str, str]) -> None:
        self._biot = biot
        self.options = RegistryOptions(environ=environ)

    def temporary(self) -> TempCredentials:
        """New temporary credentials, with the repository.

        Raises:
            NoAnswer: BioT's answer is not the documented one.
            PublishError: BioT gave none.
        """
        try:
            return parse_temp_credentials(self._biot.docker_credentials())
        except InvalidTempCredentialsError as error:
            msg = f"BioT answered with {error}."
            hint = "Run the command again later, and contact BioT's support if this happens again."
            raise NoAnswer(msg, hint=hint) from error

    def credentials(self) -> RegistryCredentials | None:
        """The user name and password for the registry; each call asks BioT again.

        Raises:
            RegistryAccessDeniedError: The registry's log-in failed.
            PublishError: BioT gave no credentials.
        """
        temporary = self.temporary()
        if is_loopback(temporary.repository.base_url):
            return log_in_locally(temporary, self.options)
        return ecr_credentials(lambda: temporary, self.options.environ)()


def push_to_biot(
    biot: ImageRepository, image: StoredImage, environ: Mapping[str, str], progress: Progress
) -> PushedImage:
    """Push an image to the environment's repository, under the tag that follows from its content.

    Args:
        biot: The environment.
        image: The image.
        environ: The process's environment: certificates, proxies, and log-ins for the base's registry.
        progress: Shows each blob.

    Raises:
        PublishError: It could not be pushed; the kinds are in ``builder.registry.registry_failures``.
    """
    log_in = RepositoryLogIn(biot, environ)
    target = log_in.temporary().repository
    try:
        return push_image(image, target, credentials=log_in.credentials, progress=progress, options=log_in.options)
    except (ImageTagConflictError, UnknownPushError):
        raise
    except RegistryError as error:
        error.extend(f"The image was not pushed to {target.repository_name}; what arrived there is not sent again.")
        raise


def describe_push(pushed: PushedImage) -> str:
    """A note about a push: what was sent, and where it is."""
    if pushed.verdict is Verdict.NOTHING_TO_DO:
        return f"The image was there already: {pushed.reference}."
    sent = sum(1 for origin in pushed.blobs.values() if origin == "sent")
    large = pushed.sent_bytes >= _MEGABYTE
    size = f"{pushed.sent_bytes / _MEGABYTE:,.1f} MB" if large else f"{pushed.sent_bytes:,} bytes"
    return f"Pushed {pushed.reference}: {sent} of {len(pushed.blobs)} blobs were missing ({size})."

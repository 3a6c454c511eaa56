"""The base image of a plugin's image, and others that a Dockerfile uses, as components of the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from builder.evidence.components import Component, PackageFacts
from builder.evidence.sbom.purl import oci_purl
from builder.image.lambda_images import ARCHITECTURE, BASE_IMAGES

if TYPE_CHECKING:
    from builder.image.base_image import UsedImage

KIND: Final = "container"
"""CycloneDX's type of an image."""
_BASE: Final = "Base image: the operating system, the language runtime and the client of Lambda's Runtime API"
_OTHER: Final = "Image from which the Dockerfile takes files"
_AWS: Final = "Amazon Web Services"
_OF_AWS: Final = frozenset(reference.partition(":")[0] for reference in BASE_IMAGES.values())


def image_component(image: UsedImage) -> Component:
    """The component of an image. Its version is its digest, because a tag can be moved to another image.

    The programs inside are not listed: only whoever built the image knows them.
    """
    purl = oci_purl(image.repository, image.digest, tag=image.tag, arch=ARCHITECTURE) if image.digest else ""
    return Component(
        ref=purl or f"image:{image.reference}",
        name=image.repository,
        version=image.digest or image.image_id,
        purl=purl,
        kind=KIND,
        hashes=(("SHA-256", image.digest.removeprefix("sha256:")),) if image.digest else (),
        facts=PackageFacts(
            supplier=_AWS if image.repository in _OF_AWS else "", description=_BASE if image.is_base else _OTHER
        ),
    )

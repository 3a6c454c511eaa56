"""The registry API (OCI distribution 1.1): pull manifests and blobs, push images, and log in.

``builder.registry.distribution`` is the only module that knows the protocol. The room never claims
that an image is pushed unless the registry returned the manifest's digest for the tag.
"""

from builder.registry.ecr_log_in import (
    InvalidTempCredentialsError,
    TempCredentials,
    ecr_credentials,
    parse_temp_credentials,
)
from builder.registry.image_references import ImageReference, InvalidReferenceError, image_tag, parse_reference
from builder.registry.log_in_check import check_log_in
from builder.registry.pull import fetch_blob, pull_base
from builder.registry.push import BlobOrigin, PushedImage, push_image
from builder.registry.registry_log_in import CredentialSource, RegistryCredentials, no_credentials
from builder.registry.registry_options import RegistryOptions
from builder.registry.stored_log_ins import stored_credentials

__all__ = [
    "BlobOrigin",
    "CredentialSource",
    "ImageReference",
    "InvalidReferenceError",
    "InvalidTempCredentialsError",
    "PushedImage",
    "RegistryCredentials",
    "RegistryOptions",
    "TempCredentials",
    "check_log_in",
    "ecr_credentials",
    "fetch_blob",
    "image_tag",
    "no_credentials",
    "parse_reference",
    "parse_temp_credentials",
    "pull_base",
    "push_image",
    "stored_credentials",
]

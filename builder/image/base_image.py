"""The images that an image is made of, and whether Lambda can run what is built on a base. Reads no files."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from msgspec import Struct

from builder.errors import Problem
from builder.image.lambda_images import ARCHITECTURE, ENTRYPOINTS, LAYERS_MAX, OPERATING_SYSTEM
from builder.oci import (
    GZIP_LAYER_TYPES,
    OCI_LAYER_GZIP,
    OCI_LAYER_ZSTD,
    Descriptor,
    ImageManifest,
    content_digest,
    encode_document,
)
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_OWN_LAYERS_MIN = 2
"""The plugin needs a layer for its packages and one for its own files."""
_SHOWN = 80


class UsedImage(Struct, frozen=True, kw_only=True):
    """An image of a registry or of the engine, as the evidence names it.

    Attributes:
        reference: As plugin.toml, the kit or the Dockerfile names it.
        digest: ``sha256:<hex>`` of its manifest; empty when it came from no registry, or when the engine does not say.
        image_id: ``sha256:<hex>`` of its config, when there is no digest and the engine knows it; else empty.
        is_base: Whether the plugin's image begins with its layers; else a Dockerfile takes files from it.
    """

    reference: str
    digest: str
    image_id: str = ""
    is_base: bool = True

    @property
    def repository(self) -> str:
        """The reference without its tag and digest: ``public.ecr.aws/lambda/python``."""
        return self._name_and_tag()[0]

    @property
    def tag(self) -> str:
        """The tag in the reference; empty without one."""
        return self._name_and_tag()[1]

    def describe(self) -> dict[str, object]:
        """The image as the build report has it."""
        return {
            "reference": self.reference,
            "digest": self.digest,
            **({"imageId": self.image_id} if self.image_id else {}),
            "isBase": self.is_base,
        }

    def _name_and_tag(self) -> tuple[str, str]:
        name = self.reference.partition("@")[0]
        head, colon, tag = name.rpartition(":")
        return (head, tag) if colon and "/" not in tag else (name, "")


class BaseImage(Struct, frozen=True, kw_only=True):
    """A base image for linux/amd64: everything about it except the content of its layers.

    Attributes:
        reference: As plugin.toml or the table of the kit names it.
        manifest: Its manifest.
        config: Its config, as bytes.
    """

    reference: str
    manifest: ImageManifest
    config: bytes

    @property
    def digest(self) -> str:
        """``sha256:<hex>`` of its manifest."""
        return content_digest(self.manifest.content)

    @property
    def used(self) -> UsedImage:
        """It, as the evidence names it."""
        return UsedImage(reference=self.reference, digest=self.digest)

    @property
    def layers(self) -> tuple[Descriptor, ...]:
        """Its layers with the media type of OCI: a manifest of the kit never mixes OCI's and Docker's names."""
        return tuple(
            Descriptor(media_type=OCI_LAYER_GZIP, digest=layer.digest, size=layer.size)
            for layer in self.manifest.layers
        )


def config_document(config: bytes) -> Mapping[str, object]:
    """The config of an image as a document; empty when it is not a JSON object."""
    try:
        document = json.loads(config)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def diff_ids(document: Mapping[str, object]) -> tuple[str, ...]:
    """The digests of the layers' tars, as a config lists them; empty when it has no valid list."""
    rootfs = document.get("rootfs")
    listed = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    valid = isinstance(listed, list) and all(
        isinstance(one, str) and re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in listed
    )
    return tuple(str(one) for one in listed) if valid and isinstance(listed, list) else ()


def base_problems(base: BaseImage) -> Iterator[Problem]:
    """Every reason why Lambda could not run an image on this base; nothing when it can."""
    if content_digest(base.config) != base.manifest.config.digest:
        yield Problem(
            key="config",
            message="The config does not have the digest that the manifest names.",
            code="damaged-base-image",
        )
        return
    document = config_document(base.config)
    if not _is_text(document):
        yield Problem(
            key="config", message="The config has a character that UTF-8 cannot store.", code="damaged-base-image"
        )
        return
    settings = document.get("config")
    yield from _platform_problems(document)
    yield from _entrypoint_problems(settings.get("Entrypoint") if isinstance(settings, dict) else None)
    yield from _layer_problems(base.manifest.layers)
    if len(diff_ids(document)) != len(base.manifest.layers):
        message = "The config does not list the digest of each layer of the manifest (rootfs.diff_ids)."
        yield Problem(
            key="config.rootfs.diff_ids",
            message=message,
            hint="Use another base image: this one is broken.",
            code="damaged-base-image",
        )


def _platform_problems(document: Mapping[str, object]) -> Iterator[Problem]:
    found = f"{document.get('os')}/{document.get('architecture')}"
    expected = f"{OPERATING_SYSTEM}/{ARCHITECTURE}"
    if found != expected:
        message = f"The base image is for {_shown(found)}; BioT's functions run on {expected}."
        hint = f"Use a base image, or a tag of this one, that has {expected}."
        yield Problem(key="config.architecture", message=message, hint=hint, code="unusable-base-image")


def _entrypoint_problems(entrypoint: object) -> Iterator[Problem]:
    words = [word for word in entrypoint if isinstance(word, str)] if isinstance(entrypoint, list) else []
    if not any(word.rpartition("/")[2] in ENTRYPOINTS for word in words):
        shown = " ".join(words) or "nothing"
        message = f"The base image does not start Lambda's runtime interface client: its entrypoint is {_shown(shown)}."
        hint = "Use an image of AWS (public.ecr.aws/lambda/…), or one whose ENTRYPOINT starts awslambdaric."
        yield Problem(key="config.config.Entrypoint", message=message, hint=hint, code="unusable-base-image")


def _layer_problems(layers: Sequence[Descriptor]) -> Iterator[Problem]:
    for number, layer in enumerate(layers):
        if layer.media_type not in GZIP_LAYER_TYPES:
            what = "zstd" if layer.media_type == OCI_LAYER_ZSTD else _shown(layer.media_type)
            message = f"Layer {number + 1} of the base image is compressed by {what}; Lambda and the kit need gzip."
            yield Problem(
                key=f"manifest.layers[{number}]",
                message=message,
                hint="Push the base image with gzip, or use another.",
                code="unusable-base-image",
            )
    if len(layers) > LAYERS_MAX - _OWN_LAYERS_MIN:
        message = f"The base image has {len(layers)} layers; an image may have {LAYERS_MAX} with the plugin's own."
        yield Problem(
            key="manifest.layers",
            message=message,
            hint="Use a base image with fewer layers.",
            code="unusable-base-image",
        )


def _is_text(document: Mapping[str, object]) -> bool:
    try:
        encode_document(document)
    except (UnicodeEncodeError, RecursionError):
        return False
    return True


def _shown(text: str) -> str:
    return printable(text, _SHOWN)

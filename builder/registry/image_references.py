"""The names of images, as ``docker`` writes them: ``[registry/]repository[:tag][@digest]``.

Source: OCI distribution specification 1.1 (repositories and tags) and the reference grammar of
github.com/distribution/reference 0.6 (what counts as a registry, and Docker Hub's defaults).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from builder.errors import UsageError
from builder.network.certificates import is_loopback
from builder.oci import is_digest
from builder.quoting import printable

DOCKER_HUB: Final = "docker.io"
_DOCKER_HUB_API: Final = "registry-1.docker.io"
_DOCKER_HUB_NAMES: Final = frozenset({DOCKER_HUB, "index.docker.io", _DOCKER_HUB_API})
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
_LONGEST = 255
_LAST_PORT = 65535
_TAG_DIGITS = 16
_HINT = "For example public.ecr.aws/lambda/python:3.13."


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageReference:
    """The name of an image.

    Attributes:
        registry: Host, and port if it has one; ``docker.io`` for Docker Hub.
        repository: Such as ``lambda/python``.
        tag: Empty when the name has none.
        digest: ``sha256:<hex>`` of the manifest or the index; empty when the name has none.
    """

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def base_url(self) -> str:
        """The address of the registry's API: https, and http only for this machine."""
        host = _DOCKER_HUB_API if self.registry == DOCKER_HUB else self.registry
        return f"{'http' if is_loopback(f'http://{host}') else 'https'}://{host}"

    @property
    def pointer(self) -> str:
        """What to ask the registry for: the digest, else the tag, else ``latest``."""
        return self.digest or self.tag or "latest"

    @property
    def repository_name(self) -> str:
        """Registry and repository, without tag and digest."""
        return f"{self.registry}/{self.repository}"

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository_name}{tag}{f'@{self.digest}' if self.digest else ''}"


class InvalidReferenceError(UsageError):
    """A text is not the name of an image."""


def parse_reference(text: str) -> ImageReference:
    """Read the name of an image as ``docker`` does: without a registry, it is on Docker Hub.

    Raises:
        InvalidReferenceError: It is not the name of an image.
    """
    rest, at, digest = text.partition("@")
    if at and not is_digest(digest):
        raise _invalid(text, "The digest must be sha256: and 64 lowercase hexadecimal digits.")
    name, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        name, tag = rest, ""
    elif not _TAG.fullmatch(tag):
        raise _invalid(text, "A tag has 1 to 128 letters, digits, dots, hyphens and underscores.")
    registry, repository = _split_registry(name)
    if port_problem := _host_problem(registry):
        raise _invalid(text, port_problem)
    if not _REPOSITORY.fullmatch(repository) or len(repository) > _LONGEST:
        raise _invalid(text, "A repository has lowercase letters, digits, dots, hyphens, underscores and slashes.")
    return ImageReference(registry=registry, repository=repository, tag=tag, digest=digest)


def image_tag(manifest_digest: str) -> str:
    """The tag that follows from the content of an image: ``sha-`` and 16 digits of the digest."""
    return f"sha-{manifest_digest.removeprefix('sha256:')[:_TAG_DIGITS]}"


def _split_registry(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        registry, repository = DOCKER_HUB, name
    else:
        registry, repository = first, rest
    if registry in _DOCKER_HUB_NAMES:
        return DOCKER_HUB, repository if "/" in repository else f"library/{repository}"
    return registry, repository


def _host_problem(registry: str) -> str:
    match = _HOST.fullmatch(registry)
    if match is None:
        return "The part before the first slash is not a host name."
    if match[1] and not 0 < int(match[1]) <= _LAST_PORT:
        return "The port must be from 1 to 65535."
    return ""


def _invalid(text: str, reason: str) -> InvalidReferenceError:
    return InvalidReferenceError(f"{printable(text, 200)!r} is not the name of an image. {reason}", hint=_HINT)

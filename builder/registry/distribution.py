"""The protocol: what one repository of a registry answers to which request (OCI distribution specification 1.1).

``docker-registry`` 2.8 and Amazon ECR follow it, with the differences that comments name.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode, urljoin

from builder.network.server_connection import LostResponseError
from builder.oci import (
    INDEX_TYPES,
    MANIFEST_TYPES,
    InvalidOciDocumentError,
    content_digest,
    parse_index,
    parse_manifest,
)
from builder.registry.registry_calls import UnusableAnswerError, describe_answer
from builder.registry.registry_failures import RegistryRefusedError
from builder.registry.registry_transport import RegistryRequest, is_protected, origin

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from builder.oci import Descriptor, ImageManifest
    from builder.registry.image_references import ImageReference
    from builder.registry.registry_calls import RegistryCalls
    from builder.registry.registry_transport import RegistryResponse, RequestBody

_OK, _CREATED, _ACCEPTED, _NO_CONTENT, _PARTIAL = 200, 201, 202, 204, 206
_TEMPORARY_REDIRECT, _NOT_FOUND, _RANGE = 307, 404, 416
_REDIRECTS: Final = frozenset({301, 302, 303, _TEMPORARY_REDIRECT, 308})
_USUAL_MANIFEST: Final = 256 * 1024
_MOST_REDIRECTS: Final = 5
_BYTES: Final = {"content-type": "application/octet-stream"}
_DOCUMENTS: Final = ", ".join(sorted(MANIFEST_TYPES | INDEX_TYPES))


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadSession:
    """An upload that a registry has begun.

    Attributes:
        url: Where the next bytes go.
        offset: How many bytes the registry has.
        smallest_chunk: Bytes that a chunk must have, unless it is the last one.
    """

    url: str
    offset: int = 0
    smallest_chunk: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteDocument:
    """A manifest or an index as a registry has it: its media type, its bytes and their digest."""

    media_type: str
    content: bytes
    digest: str


class RemoteRepository:
    """One repository of a registry.

    Args:
        calls: The registry.
        reference: Names the repository.
    """

    def __init__(self, calls: RegistryCalls, reference: ImageReference) -> None:
        self.calls = calls
        self.reference = reference
        self._url = f"{reference.base_url}/v2/{reference.repository}"

    def has_blob(self, blob: Descriptor) -> bool:
        """Whether the repository has a blob.

        Raises:
            RegistryError: The registry gave no usable answer.
        """

        def check(response: RegistryResponse) -> None:
            length = response.headers.get("content-length", str(blob.size))
            if response.status == _OK and (length != str(blob.size) or _names_another(response, blob.digest)):
                msg = f"another size or digest for {blob.digest[:19]}…"
                raise UnusableAnswerError(msg, response)

        # A registry that keeps blobs elsewhere redirects only for those that it has; no need to go there.
        request = RegistryRequest(method="HEAD", url=self._blob(blob.digest))
        return self.calls.query(request, {_OK, _TEMPORARY_REDIRECT, _NOT_FOUND}, check).status != _NOT_FOUND

    def mount(self, digest: str, repository: str) -> UploadSession | None:
        """Take a blob over from another repository of the registry; None when that worked.

        A registry that cannot do it begins an upload, which is returned. Raises as ``RegistryCalls.once``.
        """
        query = urlencode({"mount": digest, "from": repository})
        request = RegistryRequest(method="POST", url=f"{self._url}/blobs/uploads/?{query}")
        response = self.calls.once(request, {_CREATED, _ACCEPTED})
        return None if response.status == _CREATED else self._session(request, response)

    def begin_upload(self) -> UploadSession:
        """Begin an upload. Raises as ``RegistryCalls.once``."""
        request = RegistryRequest(method="POST", url=f"{self._url}/blobs/uploads/")
        return self._session(request, self.calls.once(request, {_ACCEPTED}))

    def upload_status(self, session: UploadSession) -> UploadSession | None:
        """The upload as the registry has it now; None when it does not know it any more.

        Raises:
            RegistryError: The registry gave no usable answer.
        """
        request = RegistryRequest(method="GET", url=session.url)
        try:
            response = self.calls.query(request, {_NO_CONTENT, _ACCEPTED}, _check_range)
        except RegistryRefusedError:
            # docker-registry 2.8 drops an upload whose bytes are not those of the last answer.
            return None
        return self._session(request, response, old=session)

    def append(self, session: UploadSession, body: RequestBody) -> UploadSession:
        """Send a chunk. Raises as ``RegistryCalls.once``."""
        request = RegistryRequest(method="PATCH", url=session.url, headers=_chunk(session, body), body=body)
        response = self.calls.once(request, {_ACCEPTED, _NO_CONTENT})
        _check_range(response)
        after = self._session(request, response, old=session)
        if after.offset != session.offset + body.size:
            msg = "an upload with other bytes than those that were sent"
            raise UnusableAnswerError(msg, response)
        return after

    def finish(self, session: UploadSession, body: RequestBody, blob: Descriptor) -> None:
        """Send the last chunk; the registry compares the digest of all. Raises as ``RegistryCalls.once``."""
        url = f"{session.url}{'&' if '?' in session.url else '?'}{urlencode({'digest': blob.digest})}"
        headers = _chunk(session, body) if body.size else _BYTES
        request = RegistryRequest(method="PUT", url=url, headers=headers, body=body, expected_bytes=blob.size)
        response = self.calls.once(request, {_CREATED, _NO_CONTENT})
        if _names_another(response, blob.digest):
            msg = f"another digest than {blob.digest[:19]}…"
            raise UnusableAnswerError(msg, response)

    def read_blob(self, blob: Descriptor, offset: int) -> Generator[bytes, None, None]:
        """The pieces of a blob from an offset; not hashed here. Raises as ``RegistryCalls.once``."""
        headers = {"range": f"bytes={offset}-"} if offset else {}
        url, position = self._blob(blob.digest), 0
        with self._follow(RegistryRequest(method="GET", url=url, headers=headers, expected_bytes=blob.size)) as found:
            response, pieces = found
            if response.status == _PARTIAL:
                _check_part(response, offset)
                position = offset
            for piece in pieces:
                position += len(piece)
                if position > blob.size:
                    msg = f"more than the {blob.size} bytes of {blob.digest[:19]}…"
                    raise UnusableAnswerError(msg, response)
                if position > offset:
                    yield piece[-(position - offset) :]
        if position < blob.size:
            msg = "the answer ended too early"
            raise LostResponseError(msg)

    def read_manifest(self, pointer: str) -> RemoteDocument | None:
        """A manifest or an index by tag or digest; None when the repository does not have it.

        Raises:
            RegistryError: The registry gave no usable answer.
        """

        def check(response: RegistryResponse) -> None:
            if response.status == _OK:
                _read_document(response, pointer)

        request = RegistryRequest(
            method="GET",
            url=f"{self._url}/manifests/{quote(pointer, safe=':')}",
            headers={"accept": _DOCUMENTS},
            expected_bytes=_USUAL_MANIFEST,
        )
        response = self.calls.query(request, {_OK, _NOT_FOUND}, check)
        return None if response.status == _NOT_FOUND else _read_document(response, pointer)

    def write_manifest(self, manifest: ImageManifest, pointer: str) -> None:
        """Store a manifest under its digest or a tag. Raises as ``RegistryCalls.once``."""
        request = RegistryRequest(
            method="PUT",
            url=f"{self._url}/manifests/{quote(pointer, safe=':')}",
            headers={"content-type": manifest.media_type},
            content=manifest.content,
        )
        response = self.calls.once(request, {_CREATED})
        if _names_another(response, content_digest(manifest.content)):
            msg = "another digest than the manifest's"
            raise UnusableAnswerError(msg, response)

    @contextmanager
    def _follow(self, request: RegistryRequest) -> Iterator[tuple[RegistryResponse, Iterator[bytes]]]:
        """Stream a blob from where the registry keeps it; another server gets no credentials."""
        for _ in range(_MOST_REDIRECTS):
            logged_in = origin(request.url) == origin(self.calls.base_url)
            with self.calls.download(request, {_OK, _PARTIAL, *_REDIRECTS}, logged_in=logged_in) as (response, pieces):
                if response.status not in _REDIRECTS:
                    yield response, pieces
                    return
                url = _resolve(request.url, response.headers.get("location", ""))
            if not is_protected(url) or (url.startswith("http:") and not request.url.startswith("http:")):
                msg = "a redirect to an address without https"
                raise UnusableAnswerError(msg, response)
            request = RegistryRequest(
                method="GET", url=url, headers=request.headers, expected_bytes=request.expected_bytes
            )
        msg = f"more than {_MOST_REDIRECTS} redirects"
        raise LostResponseError(msg)

    def _session(
        self, request: RegistryRequest, response: RegistryResponse, old: UploadSession | None = None
    ) -> UploadSession:
        """The upload after an answer. Raises UnusableAnswerError when its address is not the registry's own."""
        location = response.headers.get("location", "")
        url = _resolve(request.url, location) if location else (old.url if old else "")
        if not is_protected(url) or origin(url) != origin(self.calls.base_url):
            msg = "an upload at an address that is not the registry's"
            raise UnusableAnswerError(msg, response)
        smallest = response.headers.get("oci-chunk-min-length", "")
        return UploadSession(
            url=url,
            offset=_received(response) if old else 0,
            smallest_chunk=int(smallest) if re.fullmatch("[0-9]{1,12}", smallest) else old.smallest_chunk if old else 0,
        )

    def _manifest(self, pointer: str) -> str:
        return f"{self._url}/manifests/{quote(pointer, safe=':')}"

    def _blob(self, digest: str) -> str:
        return f"{self._url}/blobs/{digest}"


def _chunk(session: UploadSession, body: RequestBody) -> dict[str, str]:
    return {**_BYTES, "content-range": f"{session.offset}-{session.offset + body.size - 1}"}


def _resolve(url: str, location: str) -> str:
    """The address that a header ``Location`` names; empty when it is none."""
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def _received(response: RegistryResponse) -> int:
    """How many bytes of an upload the registry has; ``0-0`` means none for most registries."""
    end = int(response.headers["range"].removeprefix("bytes=").partition("-")[2])
    return end + 1 if end else 0


def _check_range(response: RegistryResponse) -> None:
    if not re.fullmatch(r"(?:bytes=)?0-[0-9]{1,15}", response.headers.get("range", "")):
        msg = "an upload without a range"
        raise UnusableAnswerError(msg, response)


def _check_part(response: RegistryResponse, offset: int) -> None:
    if not response.headers.get("content-range", "").startswith(f"bytes {offset}-"):
        msg = "another part of the blob than the one that was asked for"
        raise UnusableAnswerError(msg, response)


def _names_another(response: RegistryResponse, digest: str) -> bool:
    return response.headers.get("docker-content-digest", digest) != digest


def _read_document(response: RegistryResponse, pointer: str) -> RemoteDocument:
    """The manifest in an answer; a proxy's page, half an answer and another digest are no answer."""
    media_type = response.headers.get("content-type", "").partition(";")[0].strip()
    digest = content_digest(response.body)
    try:
        (parse_index if media_type in INDEX_TYPES else parse_manifest)(response.body, media_type)
    except InvalidOciDocumentError as error:
        msg = f"{describe_answer(response)}: {error}"
        raise UnusableAnswerError(msg, response) from error
    if _names_another(response, digest) or (pointer.startswith("sha256:") and pointer != digest):
        msg = "a manifest that does not have its digest"
        raise UnusableAnswerError(msg, response)
    return RemoteDocument(media_type=media_type, content=response.body, digest=digest)

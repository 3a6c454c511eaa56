"""Push an image: blobs that the registry lacks, the manifest, and at last the tag.

``push_image`` returns only when the tag returns the manifest's digest. After every unclear answer
the registry is asked what it has.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from builder.errors import PackagingError
from builder.network.verdict import Verdict
from builder.oci import content_digest
from builder.registry.blob_content import FileSource, HashedBlob, RemoteSource
from builder.registry.blob_upload import upload_blob
from builder.registry.distribution import RemoteRepository
from builder.registry.image_references import image_tag, parse_reference
from builder.registry.registry_calls import FAULTS, Patience, RegistryCalls
from builder.registry.registry_failures import (
    ImageTagConflictError,
    RegistryError,
    RegistryNoAnswerError,
    RegistryRefusedError,
    UnknownPushError,
)
from builder.registry.registry_options import RegistryOptions
from builder.registry.registry_transport import RegistryTransport
from builder.registry.stored_log_ins import stored_credentials

if TYPE_CHECKING:
    from builder.oci import Descriptor, StoredImage
    from builder.progress import Progress
    from builder.registry.distribution import UploadSession
    from builder.registry.image_references import ImageReference
    from builder.registry.registry_log_in import CredentialSource

_BLOB_UNKNOWN = frozenset({"MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "LayersNotFoundException"})
_MOVED = (
    "A tag is never overwritten, and the kit's tags follow from the content, so somebody moved this one. Delete it in "
    "the repository; or publish a changed plugin, which has another tag."
)
_REREAD = "Running the command again does no harm: it sends only what the registry lacks."


class BlobOrigin(StrEnum):
    """How a blob got into the target repository."""

    PRESENT = "present"
    MOUNTED = "mounted"
    SENT = "sent"


@dataclass(frozen=True, kw_only=True, slots=True)
class PushedImage:
    """An image that the registry has, under its tag.

    Attributes:
        verdict: Done, or nothing to do when the tag already returned the digest.
        reference: Registry, repository, tag and digest.
        blobs: How each blob got there, by digest; empty when there was nothing to do.
        sent_bytes: The size of all blobs that were sent.
    """

    verdict: Verdict
    reference: ImageReference
    blobs: dict[str, BlobOrigin]
    sent_bytes: int = 0


def push_image(
    image: StoredImage,
    target: ImageReference,
    *,
    credentials: CredentialSource,
    progress: Progress,
    options: RegistryOptions | None = None,
) -> PushedImage:
    """Push an image.

    Args:
        image: The image.
        target: The repository; without a tag, the tag follows from the content (``image_tag``).
        credentials: Whose access to the target it is.
        progress: Shows each blob.
        options: How the registry is used.

    Raises:
        ImageTagConflictError: The tag points to another image, which stays.
        UnknownPushError: The tag was written, and the registry cannot be asked whether it points to the image.
        RegistryError: The push failed, and the tag does not point to the image.
    """
    options = options or RegistryOptions()
    digest = content_digest(image.manifest.content)
    target = replace(target, tag=target.tag or image_tag(digest), digest=digest)
    with closing(RegistryTransport(options)) as transport:
        push = _Push(image, target, options, transport, credentials)
        if push.tag_is_ours():
            return PushedImage(verdict=Verdict.NOTHING_TO_DO, reference=target, blobs={})
        blobs = push.provide_blobs(progress)
        push.store_manifest(progress)
        push.point_tag(progress)
    sizes = {blob.digest: blob.size for blob in (image.manifest.config, *image.manifest.layers)}
    sent = sum(sizes[digest] for digest, came in blobs.items() if came is BlobOrigin.SENT)
    return PushedImage(verdict=Verdict.DONE, reference=target, blobs=blobs, sent_bytes=sent)


class _Push:
    """One push of one image."""

    def __init__(
        self,
        image: StoredImage,
        target: ImageReference,
        options: RegistryOptions,
        transport: RegistryTransport,
        credentials: CredentialSource,
    ) -> None:
        self._image = image
        self._target = target
        self._options = options
        self._transport = transport
        base = parse_reference(image.base) if image.base else None
        same = base is not None and base.registry == target.registry
        scopes = [f"repository:{target.repository}:pull,push"]
        if base is not None and same:
            scopes.append(f"repository:{base.repository}:pull")
        self._calls = RegistryCalls(target.base_url, transport, options, tuple(scopes), credentials)
        self._repository = RemoteRepository(self._calls, target)
        self._base = None if base is None else self._open_base(base, same=same)
        self._mount_from = base.repository if base is not None and same else ""

    def tag_is_ours(self) -> bool:
        """Whether the tag returns the digest; False when it does not exist.

        Raises:
            ImageTagConflictError: It points to another image.
        """
        found = self._repository.read_manifest(self._target.tag)
        if found is None:
            return False
        if found.digest == self._target.digest:
            return True
        msg = f"{self._target.repository_name}:{self._target.tag} points to another image, {found.digest[:19]}…."
        raise ImageTagConflictError(msg, hint=_MOVED)

    def provide_blobs(self, progress: Progress) -> dict[str, BlobOrigin]:
        """Make sure that the repository has every blob."""
        manifest = self._image.manifest
        blobs = {blob.digest: blob for blob in (*manifest.layers, manifest.config)}
        # The largest first: at the end, no thread is left alone with one of them.
        ordered = sorted(blobs.values(), key=lambda blob: -blob.size)
        progress.begin(f"Pushing to {self._target.repository_name}", len(ordered))
        origins: dict[str, BlobOrigin] = {}
        with ThreadPoolExecutor(self._options.parallel, thread_name_prefix="push") as pool:
            futures = {pool.submit(self._provide, blob): blob for blob in ordered}
            try:
                for future in as_completed(futures):
                    blob = futures[future]
                    origins[blob.digest] = future.result()
                    progress.advance(f"{blob.digest[7:19]} {blob.size:,} bytes {origins[blob.digest]}")
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                self._calls.stop()
                self._transport.close()
                raise
        return origins

    def store_manifest(self, progress: Progress) -> None:
        """Store the manifest under its digest."""
        patience, digest = Patience(self._calls), self._target.digest
        while True:
            try:
                self._write_manifest(digest, progress)
            except FAULTS as fault:
                patience.wait(fault)
                if self._repository.read_manifest(digest) is not None:
                    return
            else:
                return

    def point_tag(self, progress: Progress) -> None:
        """Let the tag point to the manifest, unless it points to another one."""
        patience, unclear = Patience(self._calls), False
        while not self._read_tag(unclear=unclear):
            if unclear:
                patience.wait(RegistryNoAnswerError(f"{self._calls.host} did not keep the tag.", hint=_REREAD))
            unclear = True
            try:
                self._write_manifest(self._target.tag, progress)
            except FAULTS as fault:
                if self._read_tag(unclear=True):
                    return
                patience.wait(fault)
            except RegistryError:
                if self._read_tag(unclear=True):
                    return
                raise

    def _write_manifest(self, pointer: str, progress: Progress) -> None:
        """Store the manifest; when the registry has lost a blob since it was asked, only this blob is sent again."""
        try:
            self._repository.write_manifest(self._image.manifest, pointer)
        except RegistryRefusedError as error:
            if error.code not in _BLOB_UNKNOWN:
                raise
            self.provide_blobs(progress)
            self._repository.write_manifest(self._image.manifest, pointer)

    def _read_tag(self, *, unclear: bool) -> bool:
        """As ``tag_is_ours``; after a request whose effect is unknown, it stays unknown without an answer."""
        try:
            return self.tag_is_ours()
        except ImageTagConflictError:
            raise
        except RegistryError as error:
            if not unclear:
                raise
            name = f"{self._target.repository_name}:{self._target.tag}"
            msg = f"It is unknown whether {name} points to the image. {error.message}"
            raise UnknownPushError(msg, hint=_REREAD) from error

    def _provide(self, blob: Descriptor) -> BlobOrigin:
        if self._repository.has_blob(blob):
            return BlobOrigin.PRESENT
        file = self._image.files.get(blob.digest)
        session: UploadSession | None = None
        if file is None and self._mount_from:
            try:
                session = self._repository.mount(blob.digest, self._mount_from)
            except (*FAULTS, RegistryRefusedError):
                session = None
                mounted = self._repository.has_blob(blob)
            else:
                mounted = session is None
            if mounted:
                return BlobOrigin.MOUNTED
        upload_blob(self._repository, HashedBlob(blob, self._source(blob)), session)
        return BlobOrigin.SENT

    def _source(self, blob: Descriptor) -> FileSource | RemoteSource:
        file = self._image.files.get(blob.digest)
        if file is not None:
            return FileSource(file)
        if self._base is None:
            msg = f"The image has no file for its layer {blob.digest[:19]}…, and no base that has it."
            raise PackagingError(msg, hint="Build the image again.")
        return RemoteSource(self._base, blob)

    def _open_base(self, base: ImageReference, *, same: bool) -> RemoteRepository:
        if same:
            return RemoteRepository(self._calls, base)
        scopes = (f"repository:{base.repository}:pull",)
        credentials = stored_credentials(base.registry, self._options.environ)
        return RemoteRepository(RegistryCalls(base.base_url, self._transport, self._options, scopes, credentials), base)

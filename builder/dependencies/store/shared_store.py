"""Packages that CI machines share through a bucket, behind each machine's own store.

Only what proves itself is shared: wheels under their sha256 and npm tarballs under their sha512, as the locks name
them. What is derived (npm packages as ZIPs, packages compressed again, indexes, what is native) is made here, because
nobody could tell a wrong one from a right one. So a bucket that others write to can be slow, but it cannot change what
is built.

::

    <prefix>/sha256/<hex>    a wheel
    <prefix>/sha512/<hex>    an npm tarball
"""

from __future__ import annotations

import base64
import hashlib
import threading
from functools import partial
from typing import TYPE_CHECKING, Final

from builder.dependencies.store.s3_bucket import (
    CONNECTIONS,
    Bucket,
    BucketAddress,
    BucketError,
    BucketErrorKind,
    has_boto3,
)
from builder.dependencies.store.time_limit import TimeLimit, run_jobs
from builder.dependencies.tool_failures import safe_text
from builder.errors import DependencyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from builder.progress import Progress

PATIENCE_SECONDS: Final = 5.0
BYTES_PER_SECOND: Final = 4 << 20
"""What comes at least so fast does not use up patience."""
SECONDS_PER_ANSWER: Final = 0.05
FAILURES_MAX: Final = 2
LARGEST: Final = 1 << 30
"""Four times what Lambda takes: no package is larger."""


class SharedStore:
    """The second tier: asked for what the store lacks, given what was fetched; no failure of it ends a build.

    After the first failures, or when patience has run out, it is not asked again. Everything is told once.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._patience = TimeLimit(PATIENCE_SECONDS)
        self._lock = threading.Lock()
        self._failures = 0
        self._given_up = False
        self._read_only = False
        self._lacking: set[str] = set()
        self._notes: dict[str, bool] = {}

    def fetch(self, digests: Iterable[str], folder: Path, progress: Progress) -> Mapping[str, Path]:
        """Bring what the bucket has into a folder, each file hashed.

        Args:
            digests: As locks name them: ``sha256:<hex>`` or ``sha512-<base64>``.
            folder: Receives the files; may get others after this has returned.
            progress: Told what is wrong with the bucket.

        Returns:
            The files by digest; what the bucket lacks, or holds damaged, is not among them.
        """
        wanted = {digest: folder / object_name(digest).replace("/", "-") for digest in digests}
        whole: dict[str, Path] = {}
        if wanted and not self._given_up:
            progress.begin("Fetching from the shared store", 0)
            self._wait([partial(self._bring, digest, file, whole) for digest, file in wanted.items()], progress)
        return {digest: wanted[digest] for digest in wanted if digest in whole}

    def offer(self, files: Mapping[str, Path], progress: Progress) -> None:
        """Add files that were fetched elsewhere, unless the bucket has them or must not be written.

        Args:
            files: By digest; the caller has hashed them.
            progress: Told what is wrong with the bucket.
        """
        if files and not (self._given_up or self._read_only):
            progress.begin("Adding to the shared store", 0)
            self._patience.change(sum(file.stat().st_size for file in files.values()) / BYTES_PER_SECOND)
            self._wait([partial(self._add, digest, file) for digest, file in files.items()], progress)

    def _wait(self, jobs: Iterable[partial[None]], progress: Progress) -> None:
        if not run_jobs(jobs, self._patience, threads=CONNECTIONS):
            self._give_up("it is slow")
        with self._lock:
            for note in [note for note, told in self._notes.items() if not told]:
                self._notes[note] = True
                progress.note(note)

    def _bring(self, digest: str, file: Path, whole: dict[str, Path]) -> None:
        size = 0

        def received(count: int) -> None:
            nonlocal size
            size += count
            self._patience.change(count / BYTES_PER_SECOND)
            if self._given_up or size > LARGEST:
                reason = "it sends more than any package has"
                raise BucketError(reason, BucketErrorKind.FINAL)

        name = object_name(digest)
        try:
            if not self._given_up:
                self._bucket.read(name, file, received)
                self._judge(digest, file, whole)
        except (BucketError, OSError) as error:
            self._failed(name, error)

    def _judge(self, digest: str, file: Path, whole: dict[str, Path]) -> None:
        self._patience.change(SECONDS_PER_ANSWER)
        if _hash(file, digest) == object_name(digest):
            whole[digest] = file
            return
        name = object_name(digest)
        self._note(f"{self._bucket.address}/{name[:24]}… holds other bytes than its name says: it counts as absent.")
        self._lacking.add(name)

    def _add(self, digest: str, file: Path) -> None:
        name = object_name(digest)
        try:
            if self._given_up or self._read_only or (name not in self._lacking and self._has(name)):
                return
            self._bucket.write(name, file)
            self._patience.change(SECONDS_PER_ANSWER)
        except BucketError as error:
            if error.kind is BucketErrorKind.REFUSED:
                self._read_only = True
                self._note(f"The shared store {self._bucket.address} may not be written ({error.reason}): only read.")
            else:
                self._failed(name, error)
        except OSError as error:
            self._failed(name, error)

    def _has(self, name: str) -> bool:
        try:
            return self._bucket.has(name)
        except BucketError as error:
            if error.kind is BucketErrorKind.REFUSED:
                return False
            raise

    def _failed(self, name: str, error: BucketError | OSError) -> None:
        if isinstance(error, OSError):
            self._give_up(f"its files cannot be kept here ({error.strerror})")
        elif error.kind in {BucketErrorKind.ABSENT, BucketErrorKind.REFUSED}:
            self._lacking.add(name)
            self._patience.change(SECONDS_PER_ANSWER)
            if error.kind is BucketErrorKind.REFUSED:
                hint = "where you may not list it (s3:ListBucket), that can also mean that packages are missing"
                self._note(f"The shared store {self._bucket.address} answers {error.reason}: {hint}.")
        else:
            with self._lock:
                self._failures += 1
            if error.kind is BucketErrorKind.FINAL or self._failures >= FAILURES_MAX:
                self._give_up(error.reason)

    def _give_up(self, reason: str) -> None:
        with self._lock:
            known, self._given_up = self._given_up, True
        if not known:
            self._note(f"The shared store {self._bucket.address} is not used any more: {reason}. The work goes on.")

    def _note(self, text: str) -> None:
        with self._lock:
            self._notes.setdefault(text, False)


def object_name(digest: str) -> str:
    """The name below the prefix, of lower-case letters and digits whatever the digest's spelling."""
    if digest.startswith("sha512-"):
        return f"sha512/{base64.b64decode(digest.removeprefix('sha512-')).hex()}"
    return f"sha256/{digest.removeprefix('sha256:')}"


def _hash(file: Path, digest: str) -> str:
    """The name that the file's own bytes have."""
    algorithm = digest[:6]
    with file.open("rb") as opened:
        return f"{algorithm}/{hashlib.file_digest(opened, algorithm).hexdigest()}"


def open_shared_store(address: str) -> SharedStore:
    """The shared store at an address; nothing is asked of it yet.

    Raises:
        DependencyError: It is no address, or boto3 is not installed.
    """
    try:
        bucket = Bucket(BucketAddress.parse(address))
    except ValueError as error:
        message = f"The store {safe_text(address)} cannot be used: {error}."
        raise DependencyError(
            message, hint="Correct --store or BIOT_PLUGIN_STORE; s3://my-bucket/biot is one."
        ) from error
    if not has_boto3():
        message = f"The store {bucket.address} needs boto3, which is not installed beside the kit."
        hint = "Run `pip install 'biot-plugin-kit[s3]'` (pipx: `pipx inject biot-plugin-kit boto3`), or name a folder."
        raise DependencyError(message, hint=hint)
    return SharedStore(bucket)

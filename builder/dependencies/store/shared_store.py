"""Packages that CI machines share through a bucket, in addition to each machine's own store.

Only files that a lock can verify are shared: wheels under their sha256 and npm tarballs under their sha512. Derived
files (npm packages as ZIPs, recompressed packages, indexes, records of native code) are made on each machine, because
nothing could verify them. So a bucket that others write to can be slow, but it cannot change what is built.

::

    <prefix>/sha256/<hex>    a wheel
    <prefix>/sha512/<hex>    an npm tarball
    <prefix>/fetching/…      empty: a machine fetches this package from the index, so that others need not
"""

from __future__ import annotations

import base64
import hashlib
import threading
from functools import partial
from typing import TYPE_CHECKING, Final

from builder.dependencies.store.time_limit import TimeLimit, run_jobs
from builder.dependencies.tool_failures import safe_text
from builder.errors import DependencyError
from builder.network.s3_bucket import (
    CONNECTIONS,
    Bucket,
    BucketAddress,
    BucketError,
    BucketErrorKind,
    has_boto3,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from builder.progress import Progress

TIME_LIMIT_SECONDS: Final = 5.0
BYTES_PER_SECOND: Final = 4 << 20
"""A transfer at this speed does not use up the time limit."""
SECONDS_PER_RESPONSE: Final = 0.05
CLAIM_SECONDS: Final = 600.0
"""An older claim is of an earlier fleet, whose packages were deleted from the bucket."""
MAX_FAILURES: Final = 2
MAX_SIZE: Final = 1 << 30
"""Four times Lambda's limit: no package is larger."""


class SharedStore:
    """The second tier: provides what the store lacks, and receives what was fetched. Its failures never end a build.

    After the first failures, or when the time limit is exceeded, it is not used again. Each failure is noted once.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._time_limit = TimeLimit(TIME_LIMIT_SECONDS)
        self._lock = threading.Lock()
        self._failures = 0
        self._disabled = False
        self._read_only = False
        self._missing: set[str] = set()
        self._notes: dict[str, bool] = {}

    def fetch(self, digests: Iterable[str], folder: Path, progress: Progress) -> Mapping[str, Path]:
        """Fetch what the bucket has into a folder, and hash each file.

        Args:
            digests: As in locks: ``sha256:<hex>`` or ``sha512-<base64>``.
            folder: Receives the files; more may appear after this has returned.
            progress: Receives what is wrong with the bucket.

        Returns:
            The files by digest, without those that are missing or damaged in the bucket.
        """
        targets = {digest: folder / object_name(digest).replace("/", "-") for digest in digests}
        fetched: dict[str, Path] = {}
        if targets and not self._disabled:
            progress.begin("Fetching from the shared store", 0)
            self._run([partial(self._fetch_one, digest, file, fetched) for digest, file in targets.items()], progress)
        return {digest: targets[digest] for digest in targets if digest in fetched}

    def claim(self, digests: Iterable[str], progress: Progress) -> frozenset[str]:
        """Tell the other machines that this one fetches some packages from the index.

        Args:
            digests: Of packages that the bucket lacks.
            progress: Receives what is wrong with the bucket.

        Returns:
            Those that another machine has claimed before.
        """
        taken: set[str] = set()
        if not (self._disabled or self._read_only):
            self._run([partial(self._claim_one, digest, taken) for digest in digests], progress)
        return frozenset() if self._disabled else frozenset(taken)

    @property
    def is_used(self) -> bool:
        """Whether it has not failed so far."""
        return not self._disabled

    def _claim_one(self, digest: str, taken: set[str]) -> None:
        claim = f"fetching/{object_name(digest)}"
        try:
            if self._disabled or self._read_only:
                return
            if not self._bucket.create(claim) and self._bucket.age(claim) < CLAIM_SECONDS:
                taken.add(digest)
            self._time_limit.extend(SECONDS_PER_RESPONSE)
        except BucketError as error:
            if error.kind is not BucketErrorKind.REFUSED:  # the upload finds out that it is read-only, and says so
                self._record_failure(object_name(digest), error)

    def upload(self, files: Mapping[str, Path], progress: Progress) -> None:
        """Add files that came from elsewhere, unless the bucket has them or is read-only.

        Args:
            files: By digest; the caller has hashed them.
            progress: Receives what is wrong with the bucket.
        """
        if files and not (self._disabled or self._read_only):
            progress.begin("Adding to the shared store", 0)
            self._time_limit.extend(sum(file.stat().st_size for file in files.values()) / BYTES_PER_SECOND)
            self._run([partial(self._upload_one, digest, file) for digest, file in files.items()], progress)

    def _run(self, jobs: Iterable[partial[None]], progress: Progress) -> None:
        if not run_jobs(jobs, self._time_limit, threads=CONNECTIONS):
            self._disable("it is too slow")
        with self._lock:
            for note in [note for note, shown in self._notes.items() if not shown]:
                self._notes[note] = True
                progress.note(note)

    def _fetch_one(self, digest: str, file: Path, fetched: dict[str, Path]) -> None:
        size = 0

        def received(count: int) -> None:
            nonlocal size
            size += count
            self._time_limit.extend(count / BYTES_PER_SECOND)
            if self._disabled or size > MAX_SIZE:
                reason = "it sends more bytes than any package has"
                raise BucketError(reason, BucketErrorKind.PERMANENT)

        name = object_name(digest)
        try:
            if not self._disabled:
                self._bucket.read(name, file, received)
                self._verify(digest, file, fetched)
        except (BucketError, OSError) as error:
            self._record_failure(name, error)

    def _verify(self, digest: str, file: Path, fetched: dict[str, Path]) -> None:
        self._time_limit.extend(SECONDS_PER_RESPONSE)
        if _hash(file, digest) == object_name(digest):
            fetched[digest] = file
            return
        name = object_name(digest)
        self._note(f"{self._bucket.address}/{name[:24]}… does not have the digest in its name, so it is ignored.")
        self._missing.add(name)

    def _upload_one(self, digest: str, file: Path) -> None:
        name = object_name(digest)
        try:
            if self._disabled or self._read_only or (name not in self._missing and self._has(name)):
                return
            self._bucket.write(name, file)
            self._time_limit.extend(SECONDS_PER_RESPONSE)
        except BucketError as error:
            if error.kind is BucketErrorKind.REFUSED:
                self._read_only = True
                self._note(f"The shared store {self._bucket.address} is read-only ({error.reason}).")
            else:
                self._record_failure(name, error)
        except OSError as error:
            self._record_failure(name, error)

    def _has(self, name: str) -> bool:
        try:
            return self._bucket.has(name)
        except BucketError as error:
            if error.kind is BucketErrorKind.REFUSED:
                return False
            raise

    def _record_failure(self, name: str, error: BucketError | OSError) -> None:
        if isinstance(error, OSError):
            self._disable(f"its files cannot be stored on this machine ({error.strerror})")
        elif error.kind in {BucketErrorKind.ABSENT, BucketErrorKind.REFUSED}:
            self._missing.add(name)
            self._time_limit.extend(SECONDS_PER_RESPONSE)
            if error.kind is BucketErrorKind.REFUSED:
                hint = "without the permission s3:ListBucket, it can also mean that packages are missing"
                self._note(f"The shared store {self._bucket.address} responds with {error.reason}; {hint}.")
        else:
            with self._lock:
                self._failures += 1
            if error.kind is BucketErrorKind.PERMANENT or self._failures >= MAX_FAILURES:
                self._disable(error.reason)

    def _disable(self, reason: str) -> None:
        with self._lock:
            was_disabled, self._disabled = self._disabled, True
        if not was_disabled:
            self._note(
                f"The shared store {self._bucket.address} is no longer used: {reason}. The work continues without it."
            )

    def _note(self, text: str) -> None:
        with self._lock:
            self._notes.setdefault(text, False)


def object_name(digest: str) -> str:
    """The name below the prefix, in lower-case letters and digits for any spelling of the digest."""
    if digest.startswith("sha512-"):
        return f"sha512/{base64.b64decode(digest.removeprefix('sha512-')).hex()}"
    return f"sha256/{digest.removeprefix('sha256:')}"


def _hash(file: Path, digest: str) -> str:
    """The object name of the file's actual content."""
    algorithm = digest[:6]
    with file.open("rb") as opened:
        return f"{algorithm}/{hashlib.file_digest(opened, algorithm).hexdigest()}"


def open_shared_store(address: str) -> SharedStore:
    """The shared store at an address, without connecting to it yet.

    Raises:
        DependencyError: It is not an address, or boto3 is not installed.
    """
    try:
        bucket = Bucket(BucketAddress.parse(address))
    except ValueError as error:
        message = f"The store {safe_text(address)} is not usable: {error}."
        raise DependencyError(
            message, hint="Fix --store or BIOT_PLUGIN_STORE; for example: s3://my-bucket/biot."
        ) from error
    if not has_boto3():
        message = f"The store {bucket.address} needs boto3, which is not installed with the kit."
        hint = "Run `pip install 'biot-plugin-kit[s3]'` (pipx: `pipx inject biot-plugin-kit boto3`), or use a folder."
        raise DependencyError(message, hint=hint)
    return SharedStore(bucket)

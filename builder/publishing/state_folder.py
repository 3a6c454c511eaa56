"""The kit's state folder: tokens, journals, retained releases, catalogs, and how to reach the local BioT."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from builder.archive.atomic_files import atomic_file
from builder.errors import PackagingError, PublishError
from builder.manifest.environments import LOCAL
from builder.network.secret_text import SecretText
from builder.publishing.api_values import TargetEnvironment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from io import BufferedReader

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
_REQUIRED_KEYS = ("baseUrl", "serviceUserId", "serviceUserSecretKey")
_LOCAL_ADDRESS = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?")
"""The local BioT's credentials must not go to any other address."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StateFolder:
    """The paths in the state folder; folders are created when something is written.

    Attributes:
        folder: ``BIOT_PLUGIN_STATE``, or the user's state folder.
        records: ``BIOT_PLUGIN_RECORDS``: where several machines share journals and retained releases; or empty.
    """

    folder: Path
    records: str = ""

    @property
    def tokens(self) -> Path:
        """Access tokens, one file per address and principal."""
        return self.folder / "tokens"

    @property
    def journal(self) -> Path:
        """One journal per target and plugin."""
        return self.folder / "journal"

    @property
    def releases(self) -> Path:
        """Retained releases by digest, for ``rollback``."""
        return self.folder / "releases"

    @property
    def catalogs(self) -> Path:
        """What ``biot-plugin catalog`` fetched, one file per target."""
        return self.folder / "catalogs"

    @property
    def local_file(self) -> Path:
        """Address and credentials of the local BioT."""
        return self.folder / "local.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalBiot:
    """Address and credentials of the local BioT. ``biot-plugin sandbox`` makes them; they are valid nowhere else."""

    base_url: str
    service_user_id: str
    service_user_secret_key: SecretText = field(repr=False)
    admin_username: str = ""
    admin_password: SecretText = field(default_factory=lambda: SecretText(""), repr=False)

    @property
    def target(self) -> TargetEnvironment:
        """The environment ``local``."""
        return TargetEnvironment(name=LOCAL, base_url=self.base_url)


def find_state_folder(environ: Mapping[str, str]) -> StateFolder:
    """The state folder of this process.

    Args:
        environ: The process's environment; ``BIOT_PLUGIN_STATE`` is a folder, and ``BIOT_PLUGIN_RECORDS`` a folder or
            the address of a bucket.
    """
    records = environ.get("BIOT_PLUGIN_RECORDS", "").strip()
    variable = environ.get("BIOT_PLUGIN_STATE", "")
    if variable:
        folder = Path(os.path.expanduser(variable)).absolute()  # noqa: PTH111 - an unknown user stays as written
        return StateFolder(folder=folder, records=records)
    from platformdirs import user_state_path

    return StateFolder(folder=user_state_path("biot-plugin-kit", appauthor=False), records=records)


def read_json(data: bytes) -> object:
    """Read the JSON of a file in the state folder, which may be damaged.

    Raises:
        ValueError: It is not JSON, is nested too deeply, or contains lone surrogates.
    """
    try:
        document: object = json.loads(data)
        json.dumps(document, ensure_ascii=False).encode()
    except RecursionError as error:
        msg = "nested too deeply"
        raise ValueError(msg) from error
    return document


def open_descriptor(file: Path, flags: int, mode: int = PRIVATE_FILE) -> int:
    """Open a file in the state folder. A FIFO or a device is refused: it could block the command forever.

    Args:
        file: A regular file; it may be missing when ``flags`` create it.
        flags: As ``os.open`` takes them.
        mode: Of a new file.

    Raises:
        OSError: It cannot be opened, or is not a regular file.
    """
    descriptor = os.open(file, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0), mode)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a regular file", str(file))
    return descriptor


def open_regular(file: Path) -> BufferedReader:
    """Open a file in the state folder for reading. Raises as ``open_descriptor``."""
    return os.fdopen(open_descriptor(file, os.O_RDONLY), "rb")


def read_regular(file: Path) -> bytes:
    """Read a file in the state folder completely. Raises as ``open_regular``."""
    with open_regular(file) as stream:
        return stream.read()


def write_private(file: Path, data: bytes) -> None:
    """Write a file that only its owner may read; a failure leaves no partial file.

    Args:
        file: Its folder is created, for the owner only, when it is missing.
        data: The complete content.

    Raises:
        PublishError: It cannot be written.
    """
    try:
        private_folder(file.parent)
        with atomic_file(file, mode=PRIVATE_FILE) as stream:
            stream.write(data)
    except (OSError, PackagingError) as error:
        msg = error.message if isinstance(error, PackagingError) else f"{file} cannot be written: {error.strerror}."
        raise PublishError(msg, hint="Set BIOT_PLUGIN_STATE to a folder that you may write to.") from error


def private_folder(folder: Path) -> None:
    """Create a folder and its missing parents, for the owner only.

    Raises:
        OSError: It cannot be created.
    """
    for missing in reversed([path for path in (folder, *folder.parents) if not path.exists()]):
        missing.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)


def write_local_biot(state: StateFolder, local: LocalBiot) -> None:
    """Store how other commands reach the local BioT.

    Raises:
        PublishError: The file cannot be written.
    """
    document = {
        "baseUrl": local.base_url,
        "serviceUserId": local.service_user_id,
        "serviceUserSecretKey": local.service_user_secret_key.reveal(),
        "adminUsername": local.admin_username,
        "adminPassword": local.admin_password.reveal(),
    }
    write_private(state.local_file, json.dumps(document, indent=2).encode() + b"\n")


def read_local_biot(state: StateFolder) -> LocalBiot | None:
    """The local BioT that was last started on this machine; None when there never was one.

    Raises:
        PublishError: The file is not what ``write_local_biot`` writes, or another user owns it.
    """
    try:
        with open_regular(state.local_file) as stream:
            foreign = hasattr(os, "getuid") and os.fstat(stream.fileno()).st_uid not in {os.getuid(), 0}
            document = read_json(stream.read())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _damaged(state.local_file) from error
    if foreign or not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
        raise _damaged(state.local_file)
    if not all(document.get(key) for key in _REQUIRED_KEYS) or not _LOCAL_ADDRESS.fullmatch(document["baseUrl"]):
        raise _damaged(state.local_file)
    return LocalBiot(
        base_url=document["baseUrl"],
        service_user_id=document["serviceUserId"],
        service_user_secret_key=SecretText(document["serviceUserSecretKey"]),
        admin_username=document.get("adminUsername", ""),
        admin_password=SecretText(document.get("adminPassword", "")),
    )


def _damaged(file: Path) -> PublishError:
    msg = f"{file} is damaged: it does not say how to reach the local BioT."
    return PublishError(msg, hint="Start `biot-plugin sandbox` again: it writes the file anew.")

"""Pushes in processes of their own, which can be killed; run as a module, it makes one push."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder.network.secret_text import SecretText
from builder.oci import StoredImage, parse_manifest
from builder.progress import SilentProgress
from builder.registry import RegistryCredentials, RegistryOptions, parse_reference, push_image
from tests.support.servers.image_registry import PASSWORD, USER, Fault, ImageRegistry

if TYPE_CHECKING:
    import socket

    from tests.support.servers.image_registry import Seen
    from tests.support.servers.pushed_images import SmallImage

REPOSITORY = Path(__file__).parents[3]
MANIFEST_FILE = "manifest.json"
CHUNK = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class KilledPush:
    """What was true after a killed push, and after the next one.

    Attributes:
        whole: Whether the first push pointed the tag to a whole image or to nothing.
        digest: What the next push printed.
        present: Blobs that the registry had before the next push.
        sent_again: Those of them that were sent again.
        requests: How many requests the first push made.
    """

    whole: bool
    digest: str
    present: int
    sent_again: tuple[str, ...]
    requests: int


def kill_and_push_again(image: SmallImage, folder: Path, number: int, phase: str) -> KilledPush:
    """Kill a push at a request, and push again.

    Args:
        image: The image; its files are in ``folder``.
        folder: Where the manifest is written, for the processes.
        number: The request, from 1.
        phase: ``before`` it is read, in the ``middle`` of its body, or ``after`` its effect.
    """
    (folder / MANIFEST_FILE).write_bytes(image.image.manifest.content)
    with ImageRegistry(log_in="basic") as registry:
        name = f"{registry.host}/plugins/acme"
        process = _start(name, folder)

        def kill(_: ImageRegistry, __: Seen) -> None:
            process.send_signal(signal.SIGKILL)

        def kill_after(connection: socket.socket, _: bytes) -> None:
            process.send_signal(signal.SIGKILL)
            connection.close()

        faults = {
            "before": Fault(name="killed before", before=kill, cut=0.0),
            "middle": Fault(name="killed in the middle", before=kill, cut=0.5, keeps=True),
            "after": Fault(name="killed after", send=kill_after),
        }
        registry.interfere = lambda _: faults[phase] if len(registry.seen) == number else None
        process.wait()
        process.communicate()
        requests = len(registry.seen)
        registry.interfere = lambda _: None
        stored = registry.repository("plugins/acme")
        whole = not stored.tags or all(stored.blobs.get(one) == content for one, content in image.blobs.items())
        present = len(stored.blobs)
        registry.ended.clear()
        registry.uploads.clear()
        again = _start(name, folder)
        output, _ = again.communicate()
        return KilledPush(
            whole=whole,
            digest=output.strip(),
            present=present,
            sent_again=tuple(registry.sent_again()),
            requests=requests,
        )


def push_and_kill(image: SmallImage, folder: Path, name: str, seconds: float) -> None:
    """Push an image in a process of its own, and kill it after some time, unless it has ended."""
    (folder / MANIFEST_FILE).write_bytes(image.image.manifest.content)
    process = _start(name, folder)
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _start(name: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.servers.push_process", name, str(folder)],
        cwd=REPOSITORY,
        env={**os.environ, "HOME": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def main(name: str, folder: Path) -> None:
    """Push the image in a folder, and print its digest."""
    manifest = parse_manifest((folder / MANIFEST_FILE).read_bytes())
    files = {f"sha256:{file.name}": file for file in folder.iterdir() if file.name != MANIFEST_FILE}
    credentials = RegistryCredentials(username=USER, password=SecretText(PASSWORD))
    pushed = push_image(
        StoredImage(manifest=manifest, files=files),
        parse_reference(name),
        credentials=lambda: credentials,
        progress=SilentProgress(),
        options=RegistryOptions(chunk_bytes=CHUNK),
    )
    print(pushed.reference.digest)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

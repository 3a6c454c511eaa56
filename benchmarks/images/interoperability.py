"""The kit's client with a real registry (Debian's docker-registry) and skopeo."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import structs

from benchmarks.images.section import Row, Section
from builder.network.verdict import Verdict
from builder.oci import content_digest
from builder.progress import SilentProgress
from builder.registry import (
    RegistryOptions,
    fetch_blob,
    no_credentials,
    parse_reference,
    pull_base,
    push_image,
)
from tests.support.servers.push_process import push_and_kill
from tests.support.servers.pushed_images import small_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from builder.registry import PushedImage
    from tests.support.servers.pushed_images import SmallImage

ABOUT = """\
A real `docker-registry` (Debian) on loopback, with files and without a log-in. Images are pushed with small chunks, so
that every layer needs several requests."""
CHUNK = 256 * 1024
PACKAGES = {"docker-registry": "docker-registry", "skopeo": "skopeo"}
CONFIG = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""


def measure(scratch: Path) -> Section:
    """Push, mount, kill and resume, pull, and read with skopeo."""
    install()
    with real_registry(scratch) as host:
        options = RegistryOptions(chunk_bytes=CHUNK)
        rows = (
            pushed_twice(host, scratch, options),
            mounted(host, scratch, options),
            pulled(host, scratch, options),
            killed(host, scratch, options),
            read_by_skopeo(host, scratch),
        )
    return Section(heading="A real registry", about=ABOUT, rows=rows)


def install() -> None:
    """Install what is missing with apt."""
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    if missing:
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], check=True)


@contextmanager
def real_registry(scratch: Path) -> Iterator[str]:
    """Run docker-registry until the block ends; its host and port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    file = scratch / "registry.yml"
    file.write_text(CONFIG.format(folder=scratch / "registry", port=port))
    process = subprocess.Popen(
        ["docker-registry", "serve", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(port)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    msg = "docker-registry does not start"
    raise TimeoutError(msg)


def push(image: SmallImage, name: str, options: RegistryOptions) -> PushedImage:
    target = parse_reference(name)
    return push_image(image.image, target, credentials=no_credentials, progress=SilentProgress(), options=options)


def pushed_twice(host: str, scratch: Path, options: RegistryOptions) -> Row:
    image = made(scratch, "twice", own=(900_000, 4000))
    first, second = push(image, f"{host}/plugins/acme", options), push(image, f"{host}/plugins/acme", options)
    right = first.reference.digest == image.digest and second.verdict is Verdict.NOTHING_TO_DO
    figure = f"{first.sent_bytes:,} bytes, then {second.sent_bytes}"
    return Row(what="pushed twice", bar="the same digest, and nothing the second time", figure=figure, met=right)


def mounted(host: str, scratch: Path, options: RegistryOptions) -> Row:
    base = made(scratch, "base", own=(800_000, 9000), seed=31)
    push(base, f"{host}/lambda/python:1", options)
    image = made(scratch, "mounting", own=(500,), base=(800_000, 9000), seed=31)
    image = replace(image, image=structs.replace(image.image, base=f"{host}/lambda/python"))
    pushed = push(image, f"{host}/plugins/acme", options)
    origins = sorted(pushed.blobs[digest] for digest in image.base)
    return Row(
        what="layers of a base in another repository",
        bar="mounted",
        figure=", ".join(origins),
        met=origins == ["mounted", "mounted"],
    )


def pulled(host: str, scratch: Path, options: RegistryOptions) -> Row:
    manifest, config = pull_base(f"{host}/lambda/python:1", progress=SilentProgress(), options=options)
    whole = content_digest(config) == manifest.config.digest
    for number, layer in enumerate(manifest.layers):
        file = scratch / f"layer-{number}"
        fetch_blob(f"{host}/lambda/python", layer, file, options=options)
        whole = whole and content_digest(file.read_bytes()) == layer.digest
    figure = f"config and {len(manifest.layers)} layers"
    return Row(what="pulled again", bar="every digest unchanged", figure=figure, met=whole)


def killed(host: str, scratch: Path, options: RegistryOptions) -> Row:
    """Kill a push after more and more of the time that it takes, then push again."""
    right, runs = 0, 8
    for number in range(runs):
        image = made(scratch, f"killed-{number}", own=(3_000_000, 2_000_000, 700), seed=50 + number)
        push_and_kill(image, scratch / f"killed-{number}", f"{host}/plugins/killed", 0.2 + number * 0.06)
        pushed = push(image, f"{host}/plugins/killed", options)
        right += pushed.reference.digest == image.digest
    return Row(
        what="pushes killed by SIGKILL, then again",
        bar="the same digest each time",
        figure=f"{right} of {runs}",
        met=right == runs,
    )


def read_by_skopeo(host: str, scratch: Path) -> Row:
    """Skopeo's inspection and copy of an image that the kit pushed."""
    image = made(scratch, "skopeo", own=(300_000, 20), seed=77)
    tag = push(image, f"{host}/plugins/skopeo", RegistryOptions()).reference.tag
    source = f"docker://{host}/plugins/skopeo:{tag}"
    command = ["skopeo", "--insecure-policy"]
    inspect = [*command, "inspect", "--tls-verify=false", source]
    shown = json.loads(subprocess.run(inspect, check=True, capture_output=True, text=True).stdout)["Digest"]
    # Not an OCI layout: skopeo would compress the random bytes of these layers.
    copy = scratch / "skopeo-copy"
    subprocess.run([*command, "copy", "-q", "--src-tls-verify=false", source, f"dir:{copy}"], check=True)
    copied = content_digest((copy / "manifest.json").read_bytes())
    figure = f"inspect {shown[:19]}…, copy {copied[:19]}…"
    right = shown == copied == image.digest
    return Row(what="`skopeo inspect` and `skopeo copy`", bar="the digest unchanged", figure=figure, met=right)


def made(scratch: Path, name: str, own: tuple[int, ...], base: tuple[int, ...] = (), *, seed: int = 5) -> SmallImage:
    folder = scratch / name
    folder.mkdir()
    return small_image(folder, own=own, base=base, seed=seed)

"""Real clients with the registry of the local BioT: boto3, Docker's engine, skopeo and the kit."""

from __future__ import annotations

import base64
import json
import subprocess
import tarfile
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import boto3

from benchmarks.images.engine.docker_machine import CLIENT, DockerMachine, docker_machine
from benchmarks.images.section import Row, Section
from builder.image_release import RepositoryLogIn
from builder.oci import content_digest
from builder.progress import SilentProgress
from builder.registry import RegistryOptions, parse_reference, push_image
from tests.support.sandbox.pushed_images import docker_credentials
from tests.support.sandbox.running_sandbox import running_sandbox
from tests.support.servers.pushed_images import small_image

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.sandbox.running_sandbox import Sandbox

ABOUT = """\
The local BioT (`biot-plugin sandbox`) gives temporary credentials, answers ECR's token call, and has a registry. These
are the usual programs, with nothing set up for it but the log-in."""
_LAYER = 3_000_000


@dataclass(frozen=True, kw_only=True)
class Clients:
    """Programs that are logged in to a local BioT.

    Attributes:
        biot: The local BioT.
        machine: Docker's engine.
        repository: ``HOST:PORT/NAME`` of plugins.
        scratch: For files.
    """

    biot: Sandbox
    machine: DockerMachine
    repository: str
    scratch: Path

    @property
    def host(self) -> str:
        return self.repository.partition("/")[0]

    def log_in(self, password: str) -> bool:
        """Log Docker's client in; skopeo reads what it stores. The password is no argument."""
        command = [CLIENT, "login", "--username", "AWS", "--password-stdin", self.host]
        environment = self.machine.environment
        done = subprocess.run(command, env=environment, input=password, capture_output=True, text=True, check=False)
        return done.returncode == 0

    def skopeo(self, *arguments: str) -> str:
        """Run skopeo, and return what it printed."""
        stored = f"{self.machine.environment['DOCKER_CONFIG']}/config.json"
        environment = {**self.machine.environment, "REGISTRY_AUTH_FILE": stored}
        command = ["skopeo", "--insecure-policy", *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    def digest(self, name: str) -> str:
        """The digest that skopeo reads for an image."""
        shown: str = json.loads(self.skopeo("inspect", "--tls-verify=false", f"docker://{name}"))["Digest"]
        return shown


class _Repository:
    """The local BioT as the kit asks it for its repository."""

    def __init__(self, biot: Sandbox) -> None:
        self._biot = biot

    def docker_credentials(self) -> Mapping[str, object]:
        return docker_credentials(self._biot)


def measure(scratch: Path) -> Section:
    """Log in, push and pull with each program, and compare the digests."""
    with docker_machine(scratch / "machine") as machine, running_sandbox(scratch / "biot") as biot:
        document = docker_credentials(biot)
        clients = Clients(biot=biot, machine=machine, repository=document["repositoryUri"], scratch=scratch)
        rows = (
            _logged_in(clients, document),
            _pushed_by_docker(clients),
            _copied_by_skopeo(clients),
            _pushed_by_the_kit(clients),
        )
    return Section(heading="The local BioT's registry", about=ABOUT, rows=rows)


def _logged_in(clients: Clients, document: Mapping[str, Any]) -> Row:
    """boto3's password opens the registry for Docker's client, and a changed one does not."""
    keys = document["credentials"]
    ecr = boto3.client(
        "ecr",
        endpoint_url=clients.biot.base_url,
        region_name=document["region"],
        aws_access_key_id=keys["accessKeyId"],
        aws_secret_access_key=keys["secretAccessKey"],
        aws_session_token=keys["sessionToken"],
    )
    (data,) = ecr.get_authorization_token()["authorizationData"]
    password = base64.b64decode(data["authorizationToken"]).decode().partition(":")[2]
    wrong, right = clients.log_in(f"{password}x"), clients.log_in(password)
    return Row(
        what="`boto3` gets a token; `docker login` with it, and with one more character",
        bar="accepted, refused",
        figure=", ".join("accepted" if one else "refused" for one in (right, wrong)),
        met=right and not wrong,
    )


def _pushed_by_docker(clients: Clients) -> Row:
    """An image of Docker's engine goes there and comes back."""
    name, tar = f"{clients.repository}:docker", clients.scratch / "root.tar"
    with tarfile.open(tar, "w") as archive:
        member = tarfile.TarInfo("var/task/data.bin")
        member.size = _LAYER
        archive.addfile(member, BytesIO(bytes(range(250)) * (_LAYER // 250)))
    docker = clients.machine.docker
    docker("import", "--change", 'CMD ["index.handler"]', tar, name)
    docker("push", name)
    pushed = clients.digest(name)
    before = docker("inspect", "--format", "{{.Id}}", name).stdout
    docker("rmi", name)
    docker("pull", f"{clients.repository}@{pushed}")
    pulled = docker("inspect", "--format", "{{.Id}}", f"{clients.repository}@{pushed}").stdout
    same = before == pulled
    figure = "the same image" if same else f"{before.strip()} became {pulled.strip()}"
    return Row(what="`docker push`, then `docker pull` by digest", bar="the same image", figure=figure, met=same)


def _copied_by_skopeo(clients: Clients) -> Row:
    """skopeo copies an image out, in under another tag, and out again."""
    folders = [clients.scratch / name for name in ("out", "again")]
    source, copy = f"docker://{clients.repository}:docker", f"docker://{clients.repository}:skopeo"
    clients.skopeo("copy", "--quiet", "--src-tls-verify=false", source, f"dir:{folders[0]}")
    clients.skopeo("copy", "--quiet", "--dest-tls-verify=false", "--preserve-digests", f"dir:{folders[0]}", copy)
    clients.skopeo("copy", "--quiet", "--src-tls-verify=false", copy, f"dir:{folders[1]}")
    digests = {content_digest((folder / "manifest.json").read_bytes()) for folder in folders}
    digests.add(clients.digest(f"{clients.repository}:skopeo"))
    met = len(digests) == 1
    return Row(
        what="`skopeo copy` out of the registry, into it, and out again",
        bar="one digest",
        figure="one digest" if met else ", ".join(sorted(digests)),
        met=met,
    )


def _pushed_by_the_kit(clients: Clients) -> Row:
    """What the kit pushed, skopeo reads with its digest and all its layers."""
    folder = clients.scratch / "kit"
    folder.mkdir()
    image = small_image(folder, own=(400_000, 700), seed=61)
    log_in = RepositoryLogIn(_Repository(clients.biot), {})
    target = parse_reference(clients.repository)
    options = RegistryOptions(chunk_bytes=128 * 1024)
    pushed = push_image(image.image, target, credentials=log_in.credentials, progress=SilentProgress(), options=options)
    name = f"{clients.repository}:{pushed.reference.tag}"
    copy = clients.scratch / "pushed"
    clients.skopeo("copy", "--quiet", "--src-tls-verify=false", f"docker://{name}", f"dir:{copy}")
    read = {content_digest(file.read_bytes()) for file in copy.iterdir()}
    met = clients.digest(name) == image.digest and {image.digest, *image.blobs} <= read
    figure = "every digest unchanged" if met else f"{len(read & {image.digest, *image.blobs})} digests unchanged"
    return Row(what="pushed by the kit, read by skopeo", bar="every digest unchanged", figure=figure, met=met)

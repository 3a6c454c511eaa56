"""From a Dockerfile to layers and a config that are the same wherever the build steps give the same files."""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from builder.archive.compression import compressor
from builder.errors import PackagingError
from builder.host.fingerprint import code_digest
from builder.image.dockerfile.build_context import ContextFile, write_context
from builder.image.dockerfile.buildkit_build import build_with_buildkit
from builder.image.dockerfile.classic_build import PLATFORM, EngineBuildRequest, build_classic
from builder.image.dockerfile.dockerfile_instructions import needs_buildkit, parse_dockerfile
from builder.image.dockerfile.engine_connection import open_engine
from builder.image.dockerfile.normalized_layer import NORMALIZING_CODE, normalize_layer
from builder.image.dockerfile.referenced_images import referenced_images
from builder.image.lambda_images import ARCHITECTURE, ENTRYPOINTS, LAYERS_MAX, OPERATING_SYSTEM
from builder.oci import StoredLayer, encode_document, is_digest
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from docker import APIClient

    from builder.image.base_image import UsedImage
    from builder.image.layer_writer import LayerStorage
    from builder.progress import Progress

_KEPT: Final = ("User", "ExposedPorts", "Env", "Entrypoint", "Volumes", "WorkingDir", "Labels", "StopSignal")
"""What the config says about the container (OCI image specification 1.1); times, host names and history stay out."""
_SHOWN: Final = 80


class DockerfileBuild(Struct, frozen=True, kw_only=True):
    """What is built, and how it is called.

    Attributes:
        dockerfile: Relative to the plugin's folder.
        files: The build context.
        plugin: The plugin's name.
        handler: The image's CMD, if the Dockerfile has none.
    """

    dockerfile: str
    files: tuple[ContextFile, ...]
    plugin: str
    handler: str


class DockerfileImage(Struct, frozen=True, kw_only=True):
    """The built image, with normalised layers.

    Attributes:
        config: Its config, as bytes.
        layers: All of its layers, the lowest first; their files belong to the storage.
        used: The images that the Dockerfile names, with their digests as the engine knows them.
    """

    config: bytes
    layers: tuple[StoredLayer, ...]
    used: tuple[UsedImage, ...] = ()


def build_dockerfile(
    build: DockerfileBuild, storage: LayerStorage, environ: Mapping[str, str], progress: Progress
) -> DockerfileImage:
    """Let the Docker engine build the image, and normalise its layers.

    The engine keeps the image under one tag of the plugin, so that the next build reuses its steps.

    Args:
        build: What is built.
        storage: Has the layers that were normalised before.
        environ: The process's environment, which names the engine.
        progress: Shows the steps.

    Raises:
        PackagingError: No engine answers, a step failed, or Lambda could not run the image.
        DependencyError: The storage is not writable.
    """
    text = next((file.content.decode("utf-8", "replace") for file in build.files if file.path == build.dockerfile), "")
    request = EngineBuildRequest(dockerfile=build.dockerfile, tag=f"biot-plugin-build/{build.plugin.lower()}:latest")
    progress.begin(f"Build {build.dockerfile}", 0)
    with open_engine(environ) as engine:
        previous = _image_id(engine, request.tag)
        try:
            if needs_buildkit(text):
                identifier = build_with_buildkit(build.files, request, environ)
            else:
                with tempfile.TemporaryFile() as context:
                    write_context(build.files, context)
                    context.seek(0)
                    identifier = build_classic(engine, context, request, progress)
            built = engine.inspect_image(identifier)
            config = _checked_config(built, build)
            layers = _layers(engine, identifier, built["RootFS"].get("Layers") or (), storage)
        except BaseException:
            _restore(engine, request.tag, previous)
            raise
        _remove(engine, previous if previous != identifier else "")
        used = tuple(_with_digest(engine, image) for image in referenced_images(parse_dockerfile(text)))
    return DockerfileImage(config=_config_document(config, layers), layers=layers, used=used)


def _with_digest(engine: APIClient, image: UsedImage) -> UsedImage:
    """An image with the digest that its reference has, or else the one under which the engine pulled it.

    BuildKit keeps the images that it pulls to itself, so that the engine may not know one.
    """
    from docker.errors import APIError

    pinned = image.reference.partition("@")[2]
    if is_digest(pinned):
        return replace(image, digest=pinned)
    try:
        found = engine.inspect_image(image.reference)
    except APIError:
        return image
    digests = sorted(str(name).partition("@") for name in found.get("RepoDigests") or ())
    ours = [digest for name, _, digest in digests if name == image.repository] or [one[2] for one in digests]
    return replace(image, digest=ours[0]) if ours else replace(image, image_id=str(found.get("Id", "")))


def _checked_config(built: Mapping[str, object], build: DockerfileBuild) -> dict[str, object]:
    """The settings of the built image that its config keeps.

    Raises:
        PackagingError: Lambda could not run the image.
    """
    platform = f"{built.get('Os')}/{built.get('Architecture')}"
    if platform != PLATFORM:
        msg = (
            f"{build.dockerfile} builds an image for {printable(platform, _SHOWN)}; BioT's functions run on {PLATFORM}."
        )
        raise PackagingError(msg, hint=f"Use a base image for {PLATFORM}: FROM --platform={PLATFORM} IMAGE.")
    settings = built.get("Config")
    kept = {key: value for key in _KEPT if isinstance(settings, dict) and (value := settings.get(key))}
    entrypoint = kept.get("Entrypoint")
    words = [str(word) for word in entrypoint] if isinstance(entrypoint, list) else []
    if not any(word.rpartition("/")[2] in ENTRYPOINTS for word in words):
        msg = f"The image of {build.dockerfile} does not start Lambda's runtime interface client."
        hint = "Begin with FROM public.ecr.aws/lambda/…, or let ENTRYPOINT start awslambdaric or aws-lambda-ric."
        raise PackagingError(msg, hint=hint)
    command = settings.get("Cmd") if isinstance(settings, dict) else None
    return {**kept, "Cmd": command or [build.handler]}


def _config_document(settings: Mapping[str, object], layers: Sequence[StoredLayer]) -> bytes:
    return encode_document(
        {
            "architecture": ARCHITECTURE,
            "os": OPERATING_SYSTEM,
            "config": settings,
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        }
    )


def _layers(
    engine: APIClient, identifier: str, diff_ids: Sequence[str], storage: LayerStorage
) -> tuple[StoredLayer, ...]:
    """The normalised layers; the engine exports the image only if one of them is not in the storage."""
    if len(diff_ids) > LAYERS_MAX:
        msg = f"The built image has {len(diff_ids)} layers; an image may have {LAYERS_MAX}."
        raise PackagingError(msg, hint="Join steps of the Dockerfile with &&, or use a base image with fewer layers.")
    found = [storage.find_layer(_key(diff_id)) for diff_id in diff_ids]
    if all(found):
        return tuple(layer for layer in found if layer is not None)
    with storage.work_folder() as folder:
        archive = folder / "image.tar"
        with archive.open("wb") as stream:
            for chunk in engine.get_image(identifier):
                stream.write(chunk)
        new: dict[str, StoredLayer] = {}
        for number, source in enumerate(exported_layers(archive)):
            diff_id = diff_ids[number]
            if found[number] is None and diff_id not in new:
                layer = normalize_layer(source, folder / f"{number}.gz")
                new[diff_id] = storage.add_layer(_key(diff_id), layer, f"layer {diff_id[:19]} of a Dockerfile")
    return tuple(layer or new[diff_id] for layer, diff_id in zip(found, diff_ids, strict=True))


def _key(diff_id: str) -> str:
    """The key of the normalised layer that is made of an engine's layer."""
    parts = ("dockerfile layer", code_digest(*NORMALIZING_CODE), compressor(), diff_id)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def exported_layers(archive: Path) -> Iterator[IO[bytes]]:
    """The tar of each layer in an archive as ``docker save`` writes it, the lowest first; each is read before the next.

    Raises:
        PackagingError: It is not such an archive.
    """
    import json

    try:
        with tarfile.open(archive, "r:") as tar:
            listed = tar.extractfile("manifest.json")
            entries = json.loads(listed.read()) if listed is not None else []
            for name in entries[0]["Layers"]:
                stream = tar.extractfile(name)
                if stream is not None:
                    with stream:
                        yield stream
    except (tarfile.TarError, KeyError, IndexError, TypeError, ValueError) as error:
        msg = "The Docker engine exported the image in a form that the kit does not know."
        raise PackagingError(msg, hint="Update the Docker engine, and report it if that does not help.") from error


def _image_id(engine: APIClient, tag: str) -> str:
    from docker.errors import ImageNotFound

    try:
        return str(engine.inspect_image(tag)["Id"])
    except ImageNotFound:
        return ""


def _restore(engine: APIClient, tag: str, previous: str) -> None:
    """Give a tag back to the image that had it, and remove the one that has it now."""
    from docker.errors import APIError

    with suppress(APIError):  # the engine is going down
        current = _image_id(engine, tag)
        if current == previous:
            return
        if previous:
            engine.tag(previous, *tag.split(":"))
        _remove(engine, current)


def _remove(engine: APIClient, image: str) -> None:
    """Remove an image from the engine, with all of its names; nothing for an empty text."""
    from docker.errors import APIError

    if not image:
        return
    with suppress(APIError):  # used by a container, or removed by another build
        engine.remove_image(image, force=True)

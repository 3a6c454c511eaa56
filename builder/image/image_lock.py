"""``image.lock``: the base image, pinned by digest, with its manifest and config, so that a build needs no network.

A JSON file beside plugin.toml. It has no address of a mirror: like the other locks it works against
whatever registry a company has. ``biot-plugin lock`` writes it.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NoReturn

from msgspec import Struct

from builder.archive.atomic_files import atomic_file
from builder.errors import DependencyError, Problem
from builder.image.base_image import BaseImage, base_problems
from builder.image.lambda_images import ARCHITECTURE, BASE_IMAGES, OPERATING_SYSTEM
from builder.oci import InvalidOciDocumentError, content_digest, parse_manifest
from builder.quoting import printable, printable_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from builder.manifest.model import Manifest
    from builder.oci import ImageManifest

FILE_NAME: Final = "image.lock"
_SCHEMA: Final = 1
_SIZE_MAX: Final = 16 << 20
_LOCK_AGAIN: Final = "Run `biot-plugin lock`, review the change of image.lock, and commit it."
_TEXTS: Final = ("base", "platform", "mediaType", "manifestDigest", "configDigest", "manifest", "config")


class _Fields(Struct, frozen=True, kw_only=True):
    base: str
    platform: str
    media_type: str
    manifest_digest: str
    config_digest: str
    manifest: str
    config: str


def lock_file(manifest: Manifest) -> Path:
    """The path of the plugin's ``image.lock``."""
    return manifest.folder / FILE_NAME


def base_reference(manifest: Manifest) -> str:
    """The base image that the plugin is built on: ``[build.image] base``, or AWS's image for its runtime."""
    return manifest.build.image.base or BASE_IMAGES[manifest.runtime.name]


def read_image_lock(manifest: Manifest) -> BaseImage:
    """The base image as the plugin's lock pins it.

    Raises:
        DependencyError: The lock is missing, damaged, changed or for another base image, or Lambda
            could not run the base image; with every problem.
    """
    fields = _read_fields(lock_file(manifest))
    expected = base_reference(manifest)
    if fields.base != expected:
        message = f"image.lock pins {printable(fields.base)}, but the plugin is built on {expected}."
        _refuse([Problem(file=FILE_NAME, key="base", message=message, hint=_LOCK_AGAIN, code="stale-lock")])
    if problems := _digest_problems(fields):
        _refuse(problems)
    try:
        image = parse_manifest(fields.manifest.encode(), fields.media_type)
    except InvalidOciDocumentError as error:
        _refuse([Problem(file=FILE_NAME, key="manifest", message=str(error), hint=_LOCK_AGAIN, code="damaged-lock")])
    base = BaseImage(reference=fields.base, manifest=image, config=fields.config.encode())
    refuse_unusable(base, FILE_NAME)
    return base


def refuse_unusable(base: BaseImage, file: str = "") -> None:
    """Check that Lambda can run an image on this base.

    Args:
        base: The base image.
        file: The file that pins it, for the message.

    Raises:
        DependencyError: With every reason why it could not.
    """
    problems = [
        Problem(file=file, key=problem.key, message=problem.message, hint=problem.hint, code=problem.code)
        for problem in base_problems(base)
    ]
    if problems:
        message = f"{base.reference} cannot be the base image of a plugin."
        raise DependencyError(message, hint="Name another one: base in [build.image].", problems=problems)


def lock_base(manifest: Manifest, pull: Callable[[str], tuple[ImageManifest, bytes]], *, upgrade: bool) -> str:
    """Pin the base image, unless the lock pins it already.

    Args:
        manifest: Of an IMAGE plugin that the kit builds.
        pull: Asks a registry for the manifest of an image for linux/amd64, and the bytes of its config.
        upgrade: Whether to ask the registry what the tag names now, although it is pinned.

    Returns:
        The base image with its digest: ``public.ecr.aws/lambda/python:3.13@sha256:…``.

    Raises:
        DependencyError: The registry does not have the image or does not answer, or Lambda could not
            run it.
    """
    base: BaseImage | None = None
    if not upgrade:
        with suppress(DependencyError):  # a missing or wrong lock is written again
            base = read_image_lock(manifest)
    if base is None:
        reference = base_reference(manifest)
        image, config = pull(reference)
        base = BaseImage(reference=reference, manifest=image, config=config)
        write_image_lock(manifest, base)
    return f"{base.reference.partition('@')[0]}@{base.digest}"


def write_image_lock(manifest: Manifest, base: BaseImage) -> Path:
    """Pin a base image.

    Returns:
        The lock.

    Raises:
        DependencyError: Lambda could not run an image on this base.
        PackagingError: The lock cannot be written.
    """
    refuse_unusable(base)
    try:
        texts = base.manifest.content.decode(), base.config.decode()
    except UnicodeDecodeError as error:
        message = f"The manifest or the config of {base.reference} is not UTF-8, as JSON is."
        raise DependencyError(message, hint="Name another one: base in [build.image].") from error
    document = {
        "schema": _SCHEMA,
        "base": base.reference,
        "platform": f"{OPERATING_SYSTEM}/{ARCHITECTURE}",
        "mediaType": base.manifest.media_type,
        "manifestDigest": base.digest,
        "configDigest": base.manifest.config.digest,
        "manifest": texts[0],
        "config": texts[1],
    }
    file = lock_file(manifest)
    with atomic_file(file) as stream:
        stream.write((printable_json(json.dumps(document, indent=2, ensure_ascii=False)) + "\n").encode())
    return file


def _read_fields(file: Path) -> _Fields:
    try:
        if file.stat().st_size > _SIZE_MAX:
            _refuse(
                [Problem(file=FILE_NAME, message=f"The file is larger than {_SIZE_MAX >> 20} MB.", code="damaged-lock")]
            )
        document = json.loads(file.read_bytes())
    except FileNotFoundError as error:
        message = "image.lock is missing: it pins the base image of the plugin by digest."
        raise DependencyError(message, hint="Run `biot-plugin lock`, and commit the file.") from error
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}."
        raise DependencyError(message, hint="Give yourself read permission.") from error
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("schema") != _SCHEMA:
        message = f"The file is not a JSON object with schema {_SCHEMA}."
        _refuse([Problem(file=FILE_NAME, key="schema", message=message, hint=_LOCK_AGAIN, code="damaged-lock")])
    texts = {key: document.get(key) for key in _TEXTS}
    if missing := [key for key, value in texts.items() if not isinstance(value, str) or not value]:
        _refuse(
            [
                Problem(file=FILE_NAME, key=key, message=f"{key} is missing or not a text.", code="damaged-lock")
                for key in missing
            ]
        )
    base, platform, media_type, manifest_digest, config_digest, manifest, config = (str(texts[key]) for key in _TEXTS)
    return _Fields(
        base=base,
        platform=platform,
        media_type=media_type,
        manifest_digest=manifest_digest,
        config_digest=config_digest,
        manifest=manifest,
        config=config,
    )


def _digest_problems(fields: _Fields) -> list[Problem]:
    pairs = (
        ("manifestDigest", fields.manifest_digest, "manifest", fields.manifest),
        ("configDigest", fields.config_digest, "config", fields.config),
    )
    return [
        Problem(
            file=FILE_NAME,
            key=digest_key,
            message=f"{digest_key} is {printable(digest, 80)}, but the {key} below it has {actual}.",
            hint=f"The file was changed by hand or by a merge. {_LOCK_AGAIN}",
            code="damaged-lock",
        )
        for digest_key, digest, key, text in pairs
        if digest != (actual := content_digest(text.encode("utf-8", "surrogatepass")))
    ]


def _refuse(problems: list[Problem]) -> NoReturn:
    message = "image.lock cannot be used."
    raise DependencyError(message, hint=_LOCK_AGAIN, problems=problems)

"""What a function is: its code, its runtime and its limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.functions.images.function_image import FunctionImage


@dataclass(frozen=True, kw_only=True, slots=True)
class CorsSettings:
    """Which pages of other sites may call the function's URL. The defaults are BioT's."""

    allow_origins: tuple[str, ...] = ("*",)
    allow_methods: tuple[str, ...] = ("GET", "POST")
    allow_headers: tuple[str, ...] = ("authorization", "content-type")
    expose_headers: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionConfiguration:
    """A function as Lambda knows it. Equal configurations share warm environments, so a change starts new ones.

    Attributes:
        name: The function's name, such as ``Plugin-age-calculator``.
        runtime: As the platform spells it, such as ``python3.13``.
        handler: File and function, such as ``index.handler``.
        artifact: The ZIP; for an image, what messages name.
        artifact_sha256: Its digest in hexadecimal. The code is unpacked once for each digest.
        timeout_seconds: After this time Lambda stops a call.
        memory_megabytes: Memory of all processes together.
        ephemeral_storage_megabytes: Size of ``/tmp``.
        variables: Environment variables in addition to Lambda's own, as sorted pairs of name and value.
        cors: Settings of the function's URL.
        image: The image whose code runs instead of a ZIP; ``artifact_sha256`` is then the digest of its manifest.
    """

    name: str
    runtime: str
    handler: str
    artifact: Path
    artifact_sha256: str
    timeout_seconds: int = 60
    memory_megabytes: int = 128
    ephemeral_storage_megabytes: int = 512
    variables: tuple[tuple[str, str], ...] = ()
    cors: CorsSettings = field(default_factory=CorsSettings)
    image: FunctionImage | None = None

"""A build by the classic builder, which every Docker engine has, through the ``docker`` library."""

from __future__ import annotations

import re
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from builder.image.dockerfile.build_thread import BuildThread
from builder.image.dockerfile.engine_connection import LINES_SHOWN, build_failure
from builder.image.lambda_images import ARCHITECTURE, OPERATING_SYSTEM

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import IO

    from docker import APIClient

    from builder.progress import Progress

PLATFORM: Final = f"{OPERATING_SYSTEM}/{ARCHITECTURE}"

_STEP: Final = re.compile(r"Step [0-9]+/[0-9]+ : (.*)")
_IMAGE: Final = re.compile(r" ---> ([0-9a-f]{12,64})")
_CACHED: Final = " ---> Using cache"
_CONTAINER: Final = re.compile(r" ---> Running in ([0-9a-f]{12,64})")
_ATTEMPTS: Final = 20
_WAIT_SECONDS: Final = 0.1


class EngineBuildRequest(Struct, frozen=True, kw_only=True):
    """What is built.

    Attributes:
        dockerfile: Relative to the plugin's folder.
        tag: The name under which the engine keeps the finished image, so that the next build reuses its steps.
    """

    dockerfile: str
    tag: str


def build_classic(engine: APIClient, context: IO[bytes], request: EngineBuildRequest, progress: Progress) -> str:
    """Build an image. A build that fails or is interrupted leaves no image and no container of its own.

    Args:
        engine: The engine.
        context: The build context, as a tar.
        request: What is built.
        progress: Shows each step.

    Returns:
        The id of the image, ``sha256:<hex>``.

    Raises:
        PackagingError: A step failed; with the last lines of the build.
    """
    before = set(engine.images(quiet=True, all=True))
    run = _Run(progress)
    build = BuildThread(engine, lambda: _events(engine, context, request), run.read)
    finished = False
    try:
        build.wait()
        if run.failure or not run.image:
            raise build_failure(request.dockerfile, run.failure or "it ended without an image", list(run.lines))
        finished = True
    finally:
        if not finished:
            build.stop()
            _remove_leftovers(engine, run, before)
    return run.image


def _events(engine: APIClient, context: IO[bytes], request: EngineBuildRequest) -> Iterator[Mapping[str, object]]:
    events: Iterator[Mapping[str, object]] = engine.build(
        fileobj=context,
        custom_context=True,
        dockerfile=request.dockerfile,
        tag=request.tag,
        platform=PLATFORM,
        rm=True,
        forcerm=True,
        decode=True,
    )
    return events


class _Run:
    """What a build has said so far.

    Attributes:
        image: The id of the finished image; empty before.
        failure: Why the build failed; empty while it has not.
        lines: The last lines.
        images: The short ids of the images that its steps made, the lowest first: not those of FROM and of the cache.
        containers: The ids of the containers that ran steps.
    """

    def __init__(self, progress: Progress) -> None:
        self.image = ""
        self.failure = ""
        self.lines: deque[str] = deque(maxlen=LINES_SHOWN)
        self.images: list[str] = []
        self.containers: list[str] = []
        self._progress = progress
        self._unfinished = ""
        self._makes_image = False

    def read(self, event: Mapping[str, object]) -> None:
        """Take one event of the engine's stream."""
        text, auxiliary = event.get("stream"), event.get("aux")
        if isinstance(text, str):
            *lines, self._unfinished = (self._unfinished + text).split("\n")
            for line in lines:
                self._read_line(line.rstrip())
        if isinstance(auxiliary, dict) and isinstance(auxiliary.get("ID"), str):
            self.image = str(auxiliary["ID"])
        if "error" in event:
            self.failure = str(event["error"])

    def _read_line(self, line: str) -> None:
        if line:
            self.lines.append(line)
        if step := _STEP.fullmatch(line):
            self._makes_image = not step[1].upper().startswith("FROM ")
            self._progress.advance(step[1])
        elif line == _CACHED:
            self._makes_image = False
        elif container := _CONTAINER.fullmatch(line):
            self.containers.append(container[1])
        elif (image := _IMAGE.fullmatch(line)) and self._makes_image:
            self.images.append(image[1])


def _remove_leftovers(engine: APIClient, run: _Run, before: set[str]) -> None:
    """Remove the container of the step that was running, and the images of the steps before it.

    The engine has removed the container already, unless it did not say that the build has ended.
    """
    from docker.errors import APIError, NotFound

    for container in run.containers:
        for _attempt in range(_ATTEMPTS):
            try:
                engine.remove_container(container, force=True, v=True)
            except NotFound:
                break
            except APIError:
                time.sleep(_WAIT_SECONDS)  # it is being started or removed
    known = {identifier.removeprefix("sha256:")[:12] for identifier in before}
    for image in reversed(run.images):
        if image[:12] not in known:
            with suppress(APIError):  # removed with another one, or in use by another build
                engine.remove_image(image, noprune=True)

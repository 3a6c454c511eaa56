"""Ctrl-C and failures during a build of the engine: no image is left, and the tag stays where it was.

The engine is a stand-in over a real socket; `tox -e images` interrupts builds of a real one.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from builder.dependencies import open_store
from builder.dependencies.store.layer_store import LayerStore
from builder.errors import PackagingError
from builder.image.dockerfile.build_context import select_context
from builder.image.dockerfile.dockerfile_image import DockerfileBuild, build_dockerfile
from builder.progress import SilentProgress
from tests.support.servers.docker_engine import BASE, FakeEngine

if TYPE_CHECKING:
    from pathlib import Path

TAG = "biot-plugin-build/tool:latest"
EARLIER = "e" * 64


def build(engine: FakeEngine, folder: Path) -> None:
    project = folder / "tool"
    project.mkdir(exist_ok=True)
    (project / "Dockerfile").write_text("FROM base:1\nCOPY a /\n")
    what = DockerfileBuild(
        dockerfile="Dockerfile", files=select_context(project, "Dockerfile"), plugin="tool", handler="index.handler"
    )
    store = LayerStore(open_store(str(folder / "store")))
    build_dockerfile(what, store, {"DOCKER_HOST": engine.address}, SilentProgress())


def interrupt_when(event: threading.Event, delay: float) -> None:
    """Send Ctrl-C to this process a moment after the event, as a terminal does."""

    def send() -> None:
        if event.wait(20):
            time.sleep(delay)
            os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=send, daemon=True).start()


@pytest.mark.parametrize("delay", [0.0, 0.03, 0.06, 0.1])
def test_an_interrupted_build_leaves_no_image_even_of_the_step_that_was_just_ending(
    tmp_path: Path, delay: float
) -> None:
    with FakeEngine(steps=100, step_seconds=0.05) as engine:
        engine.images[EARLIER] = {TAG}
        before = {image: set(names) for image, names in engine.images.items()}
        interrupt_when(engine.in_step, delay)

        with pytest.raises(KeyboardInterrupt):
            build(engine, tmp_path)

        assert engine.was_stopped, "the engine has to notice the end of the sending side"
        assert engine.images == before


def test_the_command_waits_for_the_step_that_the_engine_is_in(tmp_path: Path) -> None:
    """The engine makes the image of this step after the interrupt: a command that did not wait would not know of it."""
    with FakeEngine(steps=3, step_seconds=0.6) as engine:
        interrupt_when(engine.in_step, 0.0)

        with pytest.raises(KeyboardInterrupt):
            build(engine, tmp_path)

        time.sleep(0.8)
        assert engine.images == {BASE: {"base:1"}}


def test_an_image_that_lambda_could_not_run_gives_its_tag_back(tmp_path: Path) -> None:
    with FakeEngine(entrypoint=("/bin/sh",)) as engine:
        engine.images[EARLIER] = {TAG}

        with pytest.raises(PackagingError, match="does not start Lambda's runtime interface client"):
            build(engine, tmp_path)

        assert engine.images[EARLIER] == {TAG}
        assert not [image for image, names in engine.images.items() if TAG in names and image != EARLIER]


def test_a_finished_build_takes_the_tag_and_the_earlier_image_goes(tmp_path: Path) -> None:
    with FakeEngine() as engine:
        engine.images[EARLIER] = {TAG}

        build(engine, tmp_path)

        assert EARLIER not in engine.images
        assert [TAG in names for names in engine.images.values()].count(True) == 1

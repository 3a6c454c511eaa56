"""A plugin with a Dockerfile, as far as it works without a Docker engine: `tox -e images` builds it."""

from __future__ import annotations

import io
import socket
from datetime import date
from typing import TYPE_CHECKING

import pytest

from builder import pipeline
from builder.errors import PackagingError, ProjectError
from builder.image.dockerfile.dockerfile_image import DockerfileImage
from builder.image.dockerfile.dockerfile_layout import write_dockerfile_layout
from builder.image.dockerfile.normalized_layer import normalize_layer
from builder.image.layout_files import layout_files, stored_image
from builder.oci import content_digest, encode_document
from builder.progress import SilentProgress
from builder.stages import Project
from tests.functional.image.dockerfile.test_normalized_layer import MEMBERS, made_tar
from tests.support.images.oci_schemas import schema_problems

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = """\
[plugin]
name = "tool"
displayName = "Tool"
version = 3
runtime = "python3.13"
deploymentPackageType = "IMAGE"

[build.image]
dockerfile = "Dockerfile"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A plugin whose handler is nowhere but in the image; and an address where no engine listens."""
    folder = tmp_path / "tool"
    folder.mkdir()
    (folder / "plugin.toml").write_text(MANIFEST)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY app /var/task/\n")
    (folder / "app").write_text("print(1)\n")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{unused.getsockname()[1]}")
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(tmp_path / "store"))
    return Project(start=folder, environment=None, today=date(2026, 11, 20))


def test_check_needs_no_engine_no_lock_and_no_handler_in_the_sources(project: Project) -> None:
    assert pipeline.check(project).manifest.dockerfile == "Dockerfile"


def test_secrets_never_reach_the_engine(project: Project) -> None:
    (project.start / ".env").write_text("TOKEN=abcdefgh12345678\n")

    for command in (pipeline.check, lambda one: pipeline.package(one, SilentProgress())):
        with pytest.raises(ProjectError, match="The Docker engine would receive secrets") as caught:
            command(project)
        assert [problem.file for problem in caught.value.problems] == [".env"]

    (project.start / ".dockerignore").write_text(".env\n")
    assert pipeline.check(project).warnings == ()


def test_without_an_engine_nothing_is_written(project: Project) -> None:
    with pytest.raises(PackagingError, match="The Docker engine does not answer"):
        pipeline.package(project, SilentProgress())

    assert not (project.start / "dist").exists()


def test_artifacts_of_earlier_builds_never_enter_the_context(project: Project) -> None:
    (project.start / "dist").mkdir()
    (project.start / "dist" / ".env").write_text("TOKEN=abcdefgh12345678\n")

    assert pipeline.check(project).manifest.dockerfile == "Dockerfile"


def test_a_dockerfile_of_a_zip_plugin_has_no_effect_on_its_checks(project: Project) -> None:
    (project.start / "plugin.toml").write_text(MANIFEST.replace('"IMAGE"', '"ZIP"'))

    with pytest.raises(ProjectError, match="Lambda would not find the handler"):
        pipeline.check(project)


def test_the_layout_has_every_layer_and_can_be_pushed(tmp_path: Path) -> None:
    layers = tuple(
        normalize_layer(io.BytesIO(made_tar(members)), tmp_path / f"{number}.gz")
        for number, members in enumerate((MEMBERS, MEMBERS[:4], MEMBERS))
    )
    config = encode_document(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Entrypoint": ["/lambda-entrypoint.sh"]},
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        }
    )
    image = DockerfileImage(config=config, layers=layers)

    artifact = write_dockerfile_layout(image, "3", tmp_path / "a.oci")
    again = write_dockerfile_layout(image, "3", tmp_path / "a.oci")

    stored = stored_image(artifact.file)
    assert artifact == again
    assert schema_problems(artifact.file) == []
    assert artifact.sha256 == content_digest(stored.manifest.content).removeprefix("sha256:")
    assert artifact.tree_digest == content_digest(config)
    assert [layer.digest for layer in stored.manifest.layers] == [layer.descriptor.digest for layer in layers]
    assert {content_digest(file.read_bytes()) for file in stored.files.values()} == set(stored.files)
    assert len(layout_files(artifact.file)) == 2 + 2 + 2  # two layers are the same; manifest and config; two documents
    assert sorted(file.name for file in tmp_path.iterdir()) == ["0.gz", "1.gz", "2.gz", "a.oci"]

"""What can be done with an image from a Dockerfile: inspect, verify, verify --rebuild, audit, package --all.

The engine is a stand-in over a real socket; `tox -e images` builds with a real one.
"""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from datetime import date
from typing import TYPE_CHECKING

import pytest

from builder import pipeline
from builder.batch import package_all
from builder.dependencies import open_store
from builder.errors import PackagingError, VerificationError
from builder.evidence import evidence_files
from builder.evidence.audit.vulnerabilities import audit
from builder.image.dockerfile.dockerfile_image import DockerfileImage
from builder.image.dockerfile.dockerfile_layout import write_dockerfile_layout
from builder.image.dockerfile.normalized_layer import normalize_layer
from builder.image.dockerfile.normalized_layer_reader import read_normalized_layer
from builder.image.layer_tar import LayerRefusedError
from builder.image.layout_reader import read_layout
from builder.progress import SilentProgress
from builder.stages import PackagedPlugin, Project
from builder.verification import examine_prebuilt
from tests.functional.image.dockerfile.test_normalized_layer import MEMBERS, made_tar
from tests.functional.image.dockerfile.test_package_dockerfile import MANIFEST
from tests.support.images.oci_schemas import schema_problems
from tests.support.plugins.locked_plugin import locked_plugin
from tests.support.servers.docker_engine import FakeEngine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BASE_DIGEST = f"sha256:{'c' * 64}"
DOCKERFILE = "FROM base:1\nCOPY app /var/task/\n"
REG, DIR, SYM, LNK = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
LOWER = made_tar(
    [
        ("etc/", DIR, b""),
        ("etc/passwd", REG, b"root"),
        ("etc/old", REG, b"old"),
        ("opt/", DIR, b""),
        ("opt/lib/", DIR, b""),
        ("opt/lib/a.so", REG, b"a" * 50),
        ("opt/other", REG, b"was a file"),
        ("var/", DIR, b""),
        ("var/task/", DIR, b""),
        ("var/task/kept.txt", REG, b"kept"),
        ("var/task/two.txt", REG, b"lower"),
    ]
)
UPPER = made_tar(
    [
        ("etc/", DIR, b""),
        ("etc/.wh.old", REG, b""),
        ("opt/", DIR, b""),
        ("opt/lib", SYM, "/usr/lib"),
        ("opt/other/", DIR, b""),
        ("opt/other/new", REG, b"new"),
        ("opt/other/same", LNK, "opt/other/new"),
        ("var/task/two.txt", REG, b"upper"),
    ]
)
VISIBLE = {
    "etc/passwd": b"root",
    "opt/other/new": b"new",
    "var/task/kept.txt": b"kept",
    "var/task/two.txt": b"upper",
}


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEngine]:
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(tmp_path / "store"))
    layers = (LOWER, UPPER, made_tar(MEMBERS))
    with FakeEngine(step_seconds=0.0, layers=layers, base_digest=BASE_DIGEST) as running:
        monkeypatch.setenv("DOCKER_HOST", running.address)
        yield running


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "repository" / "tool"
    folder.mkdir(parents=True)
    (folder / "plugin.toml").write_text(MANIFEST)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "app").write_text("print(1)\n")
    return Project(start=folder, environment=None, today=date(2026, 11, 20))


def packaged(project: Project) -> PackagedPlugin:
    return pipeline.package(project, SilentProgress())


def test_inspect_lists_the_files_that_a_container_sees_and_the_layers(engine: FakeEngine, project: Project) -> None:
    built = packaged(project)

    seen = pipeline.inspect(built.artifact.file)

    sizes = {row.path: row.size for row in seen.files}
    assert {path: sizes[path] for path in VISIBLE} == {path: len(content) for path, content in VISIBLE.items()}
    hidden = {"etc/old", "opt/lib/a.so", "opt/other", "opt/lib", "dev/null", "var/task/.wh.gone"}
    assert hidden.isdisjoint(sizes)
    assert [layer.label for layer in seen.layers] == ["built from the Dockerfile"] * 3
    assert [row.label for row in seen.packages] == ["the image"]
    assert seen.artifact == built.artifact
    assert schema_problems(built.artifact.file) == []
    assert engine.find("biot-plugin-build/tool")


def test_verify_finds_a_sound_image_and_its_evidence_without_differences(engine: FakeEngine, project: Project) -> None:
    artifact = packaged(project).artifact.file

    assert pipeline.verify(artifact, None, SilentProgress()).differences == ()
    rebuilt = pipeline.verify(artifact, project, SilentProgress())
    assert (rebuilt.differences, rebuilt.rebuilt) == ((), True)
    assert engine.base_digest


def test_verify_rebuild_names_the_file_that_differs(engine: FakeEngine, project: Project) -> None:
    artifact = packaged(project).artifact.file
    engine.layers = (LOWER, UPPER.replace(b"upper", b"UPPER"), engine.layers[2])

    differences = pipeline.verify(artifact, project, SilentProgress()).differences

    assert ("content", "var/task/two.txt") in {(one.kind.value, one.path) for one in differences}


def test_a_report_of_another_image_is_a_difference(engine: FakeEngine, project: Project) -> None:
    built = packaged(project)
    report = json.loads(built.report_file.read_text("utf-8"))
    report["image"]["layers"][1]["size"] += 1
    report["packages"][0]["unpackedSize"] += 1
    built.report_file.write_text(json.dumps(report))

    paths = {one.path for one in pipeline.verify(built.artifact.file, None, SilentProgress()).differences}

    assert {"image.layers[1].size", "packages"} <= paths
    assert engine.layers


def test_a_layout_without_one_of_its_layers_is_refused(engine: FakeEngine, project: Project, tmp_path: Path) -> None:
    built = packaged(project)
    layout = tmp_path / "tool-3.oci"
    shutil.copytree(built.artifact.file, layout)
    manifest = read_layout(layout).manifest
    (layout / "blobs/sha256" / manifest.layers[0].digest.removeprefix("sha256:")).unlink()

    with pytest.raises(VerificationError, match="is missing"):
        pipeline.inspect(layout)
    assert engine.layers


def test_audit_refuses_an_image_whose_packages_nobody_listed(
    engine: FakeEngine, project: Project, tmp_path: Path
) -> None:
    artifact = packaged(project).artifact.file
    (tmp_path / "osv").mkdir()

    for target in (artifact, evidence_files(artifact)["sbom"]):
        with pytest.raises(VerificationError, match="does not list all packages: a Docker engine") as caught:
            audit(target, tmp_path / "osv")
        assert "scanner" in caught.value.hint
    assert engine.layers


def test_the_evidence_names_the_base_of_the_dockerfile_with_its_digest(engine: FakeEngine, project: Project) -> None:
    built = packaged(project)

    files = evidence_files(built.artifact.file)
    document = json.loads(files["sbom"].read_text("utf-8"))
    (base,) = document["components"]
    assert (base["type"], base["name"], base["version"]) == ("container", "base", BASE_DIGEST)
    assert document["compositions"][0]["aggregate"] == "incomplete"
    assert f"base,{BASE_DIGEST}," in files["soup"].read_text("utf-8")
    statement = json.loads(files["provenance"].read_text("utf-8"))
    materials = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert {"sha256": BASE_DIGEST.removeprefix("sha256:")} in [one["digest"] for one in materials]
    image = built.report["image"]
    assert isinstance(image, dict)
    assert image["images"] == [{"reference": "base:1", "digest": BASE_DIGEST, "isBase": True}]
    assert engine.base_digest


def test_package_all_builds_plugins_with_and_without_a_dockerfile(
    engine: FakeEngine, project: Project, tmp_path: Path
) -> None:
    other = locked_plugin(tmp_path)
    projects = [project, other.project]

    results = package_all(projects, open_store(""), SilentProgress(), output=tmp_path / "out")

    assert [one.exit_code for one in results] == [0, 0]
    assert {"tool-3.oci", "sample-1.zip"} <= {file.name for file in (tmp_path / "out").iterdir()}
    again = package_all(projects, open_store(""), SilentProgress(), output=tmp_path / "out")
    assert [isinstance(one.result, PackagedPlugin) and one.result.unchanged for one in again] == [True, True]
    assert engine.layers


def test_an_engine_that_does_not_answer_stops_only_the_plugin_with_the_dockerfile(
    engine: FakeEngine, project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    other = locked_plugin(tmp_path)

    results = package_all([project, other.project], open_store(""), SilentProgress(), output=tmp_path / "out")

    assert isinstance(results[0].result, PackagingError)
    assert results[1].exit_code == 0
    assert engine.layers


def test_a_built_image_can_be_checked_before_it_is_published(engine: FakeEngine, project: Project) -> None:
    artifact = packaged(project).artifact.file
    manifest = pipeline.check(project).manifest

    assert examine_prebuilt(artifact, manifest).differences == ()
    assert engine.layers


def test_a_layer_that_every_reader_would_take_for_a_bomb_is_not_written(tmp_path: Path) -> None:
    tar = made_tar([("zeros", REG, bytes(70 << 20))])
    layer = normalize_layer(io.BytesIO(tar), tmp_path / "layer.gz")

    with pytest.raises(PackagingError, match="unpacks to"):
        write_dockerfile_layout(DockerfileImage(config=b"{}", layers=(layer,)), "1", tmp_path / "a.oci")
    assert not (tmp_path / "a.oci").exists()


def test_a_written_layer_is_read_with_all_that_is_in_it(tmp_path: Path) -> None:
    layer = normalize_layer(io.BytesIO(made_tar(MEMBERS)), tmp_path / "layer.gz")

    contents = read_normalized_layer(layer.file, layer.descriptor.size)

    assert (contents.digest, contents.diff_id) == (layer.descriptor.digest, layer.diff_id)
    assert {"var/task/a.py", "var/task/" + "ü" * 120} <= {member.path for member in contents.members}
    assert {"var/", "var/task/link", "dev/null", "var/task/.wh.gone"} <= set(contents.others)


@pytest.mark.parametrize(
    "tar",
    [
        made_tar([("a", REG, b"x")]),
        made_tar([("../a", REG, b"x")], time=315_532_800),
        made_tar([("b", REG, b"x"), ("a", REG, b"x")], time=315_532_800, form=tarfile.USTAR_FORMAT),
        made_tar([("a", LNK, "etc/shadow")], time=315_532_800),
        made_tar([("a", REG, b"x")])[:700],
        b"",
    ],
    ids=["another time", "out of the image", "out of order", "a link to nothing", "cut off", "empty"],
)
def test_a_layer_in_another_form_is_refused(tar: bytes, tmp_path: Path) -> None:
    import deflate

    file = tmp_path / "layer.gz"
    file.write_bytes(deflate.gzip_compress(tar, 6))

    with pytest.raises(LayerRefusedError):
        read_normalized_layer(file, file.stat().st_size)

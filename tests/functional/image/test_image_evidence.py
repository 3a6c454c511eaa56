"""The evidence of an image names its base image: SBOM, SOUP list and provenance."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

from builder import pipeline
from builder.build_values import Artifact, Bundle, Lock
from builder.evidence import evidence_files, read_settings
from builder.evidence.components import PackageAnalysis
from builder.evidence.evidence_writer import FinishedBuild, write_evidence
from builder.image.base_image import UsedImage
from builder.progress import SilentProgress
from tests.support.images.base_images import REFERENCE, made_base
from tests.support.images.image_plugin import image_plugin
from tests.support.plugins.cyclonedx_schema import cyclonedx_error
from tests.support.plugins.locked_plugin import locked_plugin
from tests.support.plugins.stage_inputs import plugin as manifest_of

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.support.plugins.locked_plugin import LockedPlugin

NAME = "public.ecr.aws/lambda/python"
DIGEST = made_base().image.digest
PURL = f"pkg:oci/python@{DIGEST.replace(':', '%3A')}?arch=amd64&repository_url={NAME}&tag=3.13"


def evidence_of(plugin: LockedPlugin) -> dict[str, Path]:
    return evidence_files(pipeline.package(plugin.project, SilentProgress()).artifact.file)


def test_the_sbom_has_the_base_with_its_digest(plugin: LockedPlugin) -> None:
    text = evidence_of(plugin)["sbom"].read_text("utf-8")

    assert cyclonedx_error(text) == ""
    document: dict[str, Any] = json.loads(text)
    (base,) = (one for one in document["components"] if one["type"] == "container")
    assert (base["name"], base["version"], base["purl"]) == (NAME, DIGEST, PURL)
    assert base["hashes"] == [{"alg": "SHA-256", "content": DIGEST.removeprefix("sha256:")}]
    assert base["supplier"] == {"name": "Amazon Web Services"}
    assert "operating system" in base["description"]
    required = {one["ref"]: one["dependsOn"] for one in document["dependencies"]}
    assert base["bom-ref"] in required[document["metadata"]["component"]["bom-ref"]]
    (unknown,) = (one for one in document["compositions"] if one["aggregate"] == "unknown")
    assert base["bom-ref"] in unknown["assemblies"], "nobody here knows what is in the base"


def test_the_soup_list_has_the_base_and_soup_toml_can_describe_it(plugin: LockedPlugin) -> None:
    entry = f'[packages."{NAME}"]\nevaluated = "{DIGEST}"\nhazards = "none: reviewed"\n'
    (plugin.folder / "soup.toml").write_text(entry)

    packaged = pipeline.package(plugin.project, SilentProgress())

    with evidence_files(packaged.artifact.file)["soup"].open(encoding="utf-8", newline="") as stream:
        rows = {row["title (8.1.2)"]: row for row in csv.DictReader(stream)}
    row = rows[NAME]
    assert (row["version (8.1.2)"], row["manufacturer (8.1.2)"]) == (DIGEST, "Amazon Web Services")
    assert (row["unique designation (8.1.2)"], row["hazards (7.1.2)"]) == (PURL, "none: reviewed")
    assert not [warning for warning in packaged.warnings if warning.file == "soup.toml"]


def test_another_base_than_the_evaluated_one_is_a_warning(plugin: LockedPlugin) -> None:
    (plugin.folder / "soup.toml").write_text(f'[packages."{NAME}"]\nevaluated = "sha256:{"0" * 64}"\n')

    warnings = pipeline.package(plugin.project, SilentProgress()).warnings

    assert [warning.key for warning in warnings] == [f"packages.{NAME}.evaluated"]


def test_the_provenance_has_the_base_as_a_material(plugin: LockedPlugin) -> None:
    statement = json.loads(evidence_of(plugin)["provenance"].read_text("utf-8"))

    materials = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert {"uri": PURL, "digest": {"sha256": DIGEST.removeprefix("sha256:")}} in materials


def test_a_base_on_another_registry_has_its_own_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = "mirror.example:5000/team/base:7"
    made = image_plugin(tmp_path)
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(made.store))
    manifest = made.folder / "plugin.toml"
    manifest.write_text(manifest.read_text() + f'\n[build.image]\nbase = "{reference}"\n')
    lock = made.folder / "image.lock"
    lock.write_text(lock.read_text().replace(REFERENCE, reference))

    packaged = pipeline.package(made.project, SilentProgress())

    document = json.loads(evidence_files(packaged.artifact.file)["sbom"].read_text("utf-8"))
    (base,) = (one for one in document["components"] if one["type"] == "container")
    assert base["name"] == "mirror.example:5000/team/base"
    assert base["supplier"] == {"name": "unknown"}
    assert "repository_url=mirror.example:5000/team/base&tag=7" in base["purl"]


def test_a_zip_has_no_image_in_its_evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = locked_plugin(tmp_path)
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(made.store))

    text = evidence_of(made)["sbom"].read_text("utf-8")

    assert '"container"' not in text


def test_images_of_a_dockerfile_without_a_known_digest_are_named_as_far_as_the_engine_knows_them(
    tmp_path: Path,
) -> None:
    (tmp_path / "plugin.toml").write_text("")
    manifest = manifest_of(tmp_path)
    artifact = Artifact(
        file=tmp_path / "a-1.zip", sha256="0" * 64, size=1, unpacked_size=1, entries=1, tree_digest="sha256:0"
    )
    (tmp_path / "a-1.zip").write_bytes(b"")
    (tmp_path / "a-1.report.json").write_text("{}")
    identifier = f"sha256:{'b' * 64}"
    images = (
        UsedImage(reference="local/base:1", digest="", image_id=identifier),
        UsedImage(reference="golang:1", digest="", is_base=False),
    )
    build = FinishedBuild(
        manifest=manifest,
        analysis=PackageAnalysis(components={}, requires={}, texts=()),
        bundle=Bundle(entries=(), tree_digest="sha256:0"),
        artifact=artifact,
        settings=read_settings(manifest, Lock(file=None, packages=()), {}),
        images=images,
    )

    write_evidence(build)

    files = evidence_files(artifact.file)
    text = files["sbom"].read_text("utf-8")
    assert cyclonedx_error(text) == ""
    found = {one["name"]: one for one in json.loads(text)["components"]}
    assert found["local/base"]["version"] == identifier
    assert (found["golang"]["version"], "purl" in found["golang"]) == ("unknown", False)
    assert "takes files" in found["golang"]["description"]
    statement = json.loads(files["provenance"].read_text("utf-8"))
    materials = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert {"name": f"local/base {identifier}", "digest": {}} in materials

"""``package`` of an IMAGE plugin: one image for the same sources, the ZIP's tree digest, all evidence, no network."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from builder import pipeline
from builder.cli.app import run
from builder.image import lambda_images
from builder.image.layout_files import stored_image
from builder.image.layout_reader import read_layout
from builder.progress import SilentProgress
from tests.support.images.base_images import REFERENCE, made_base
from tests.support.images.image_plugin import IMAGE_MANIFEST, image_plugin
from tests.support.images.oci_schemas import CONFIG, document_problems, schema_problems
from tests.support.images.oci_schemas import MANIFEST as MANIFEST_SCHEMA
from tests.support.plugins.locked_plugin import FILES, MANIFEST, WHEELS, LockedPlugin

if TYPE_CHECKING:
    from builder.stages import PackagedPlugin

REPOSITORY = Path(__file__).parents[3]


def packaged(plugin: LockedPlugin) -> PackagedPlugin:
    """The plugin packaged; every image is compared with OCI's schemas."""
    built = pipeline.package(plugin.project, SilentProgress())
    assert not built.artifact.file.is_dir() or schema_problems(built.artifact.file) == []
    return built


def document(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_bytes())
    return found


def blob(layout: Path, descriptor: dict[str, Any]) -> Path:
    digest = str(descriptor["digest"])
    file = layout / "blobs" / "sha256" / digest.removeprefix("sha256:")
    assert f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}" == digest
    assert file.stat().st_size == descriptor["size"]
    return file


def test_the_image_is_the_base_a_layer_for_each_package_and_one_for_the_own_files(plugin: LockedPlugin) -> None:
    layout = packaged(plugin).artifact.file
    base = made_base().image

    assert layout == plugin.folder / "dist" / "sample-1.oci"
    (entry,) = document(layout / "index.json")["manifests"]
    manifest = document(blob(layout, entry))
    assert manifest["mediaType"] == entry["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    of_base, own = manifest["layers"][:2], manifest["layers"][2:]
    assert [(one["digest"], one["size"]) for one in of_base] == [(one.digest, one.size) for one in base.manifest.layers]
    assert {one["mediaType"] for one in manifest["layers"]} == {"application/vnd.oci.image.layer.v1.tar+gzip"}
    assert not any((layout / "blobs/sha256" / one["digest"][7:]).exists() for one in of_base)
    names = []
    for descriptor in own:
        with tarfile.open(blob(layout, descriptor)) as tar:
            names.append({member.name for member in tar.getmembers() if member.isfile()})
    assert {name.split("/")[2] for name in names[0]} == {"one", "one-1.0.dist-info"}
    assert {name.split("/")[2] for name in names[1]} == {"two", "two-2.5.dist-info"}
    assert names[2] == {f"var/task/{path.removeprefix('src/')}" for path in FILES if path.startswith("src/")}


def test_the_config_calls_the_handler_and_has_no_time_and_no_host(plugin: LockedPlugin) -> None:
    layout = packaged(plugin).artifact.file
    (entry,) = document(layout / "index.json")["manifests"]
    config = document(blob(layout, document(blob(layout, entry))["config"]))

    assert config.keys() == {"architecture", "os", "config", "rootfs"}
    assert config["config"] == {
        "Cmd": ["index.handler"],
        "Entrypoint": ["/lambda-entrypoint.sh"],
        "Env": ["PATH=/var/lang/bin:/usr/local/bin:/usr/bin/:/bin", "LAMBDA_TASK_ROOT=/var/task"],
        "WorkingDir": "/var/task",
        "Labels": {
            "org.opencontainers.image.base.name": REFERENCE,
            "org.opencontainers.image.base.digest": made_base().image.digest,
            "io.github.biot-plugin-kit.runtime": "python3.13",
        },
    }
    assert config["rootfs"]["diff_ids"][:2] == json.loads(made_base().image.config)["rootfs"]["diff_ids"]
    assert entry["annotations"]["org.opencontainers.image.base.name"] == REFERENCE
    assert entry["annotations"]["io.github.biot-plugin-kit.base-layers"] == "2"


def test_zip_and_image_have_the_same_tree_digest(plugin: LockedPlugin) -> None:
    image = packaged(plugin).artifact
    (plugin.folder / "plugin.toml").write_text(MANIFEST)
    archive = packaged(plugin).artifact

    assert image.tree_digest == archive.tree_digest
    assert (image.entries, image.unpacked_size) == (archive.entries, archive.unpacked_size)
    assert archive.file.suffix == ".zip"


def test_another_machine_writes_the_same_files(plugin: LockedPlugin, tmp_path: Path) -> None:
    """Another folder, store, umask, locale and process; the first build's store is not used."""
    first = packaged(plugin).artifact.file
    other = image_plugin(tmp_path / "elsewhere")
    subprocess.run(
        ["sh", "-c", f"umask 077; exec {sys.executable} -m builder package"],
        cwd=other.folder,
        env={
            **os.environ,
            "LC_ALL": "C",
            "TZ": "Asia/Tokyo",
            "PYTHONPATH": str(REPOSITORY),
            "BIOT_PLUGIN_STORE": str(other.store),
        },
        check=True,
        capture_output=True,
    )
    second = other.folder / "dist" / "sample-1.oci"

    files = {file.relative_to(first): file.read_bytes() for file in first.rglob("*") if file.is_file()}
    assert files == {file.relative_to(second): file.read_bytes() for file in second.rglob("*") if file.is_file()}
    assert len(files) == 7
    reports = [layout.with_name("sample-1.report.json").read_bytes() for layout in (first, second)]
    assert reports[0] == reports[1]


def test_evidence_is_beside_the_image_and_sha256sum_checks_everything(plugin: LockedPlugin) -> None:
    result = packaged(plugin)
    dist = plugin.folder / "dist"

    assert {file.name for file in dist.iterdir()} == {
        "sample-1.oci",
        *(f"sample-1.{end}" for end in ("cdx.json", "soup.csv", "soup.md", "licenses.txt", "provenance.json")),
        "sample-1.report.json",
        "sample-1.sha256",
    }
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "sample-1.sha256"], cwd=dist, check=True, capture_output=True, text=True
    )
    assert checked.stdout.count(": OK") == 7 + 6
    image = document(dist / "sample-1.report.json")["image"]
    assert (image["base"], image["baseDigest"]) == (REFERENCE, made_base().image.digest)
    assert [layer["packages"] for layer in image["layers"]] == [[], [], ["one 1.0"], ["two 2.5"], []]
    assert [layer["isBase"] for layer in image["layers"]] == [True, True, False, False, False]
    statement = document(dist / "sample-1.provenance.json")
    assert statement["subject"] == [{"name": "sample-1.oci", "digest": {"sha256": result.artifact.sha256}}]
    names = {one.get("name") for one in statement["predicate"]["buildDefinition"]["resolvedDependencies"]}
    assert "image.lock" in names


def test_nothing_changed_writes_nothing_and_each_change_is_noticed(plugin: LockedPlugin) -> None:
    first = packaged(plugin)
    again = packaged(plugin)

    assert (first.unchanged, again.unchanged) == (False, True)
    assert again.artifact == first.artifact
    layout = first.artifact.file
    blobs = sorted(file for file in layout.rglob("*") if file.is_file())
    for file in blobs:
        data = file.read_bytes()
        file.unlink()  # a layer is linked to the store
        file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        rebuilt = packaged(plugin)
        assert not rebuilt.unchanged, file
        assert rebuilt.artifact.sha256 == first.artifact.sha256
        assert file.read_bytes() == data
    (layout / "extra").write_bytes(b"")
    assert not packaged(plugin).unchanged
    assert not (layout / "extra").exists()
    shutil.rmtree(layout)
    assert not packaged(plugin).unchanged


def test_the_command_line_builds_once_and_says_so(plugin: LockedPlugin, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["package"]) == 0
    out = capsys.readouterr().out
    assert "sample-1.oci" in out
    assert "in the ZIP" not in out
    assert run(["package"]) == 0
    assert "sample-1.oci is up to date" in capsys.readouterr().out
    assert run(["check"]) == 0
    assert plugin.lock.exists()


def test_a_new_line_of_code_changes_one_layer_and_reuses_the_others(plugin: LockedPlugin) -> None:
    before = read_layout(packaged(plugin).artifact.file)
    source = plugin.folder / "src" / "index.py"
    source.write_text(source.read_text() + "\n# one more line\n")
    after = read_layout(packaged(plugin).artifact.file)

    pairs = list(zip(before.layers, after.layers, strict=True))
    assert [one.descriptor == other.descriptor for one, other in pairs] == [True] * 4 + [False]
    stored = {file.stat().st_ino for file in plugin.store.glob("layers/*/*.gz")}
    linked = {file.stat().st_ino for file in after.artifact.file.rglob("*") if file.is_file()}
    assert len(stored) == len(WHEELS)
    assert stored <= linked


def test_the_handler_and_the_base_decide_the_image(plugin: LockedPlugin) -> None:
    digests = [packaged(plugin).artifact.sha256]
    (plugin.folder / "src" / "other.py").write_text((plugin.folder / "src" / "index.py").read_text())
    digests.append(packaged(plugin).artifact.sha256)
    (plugin.folder / "plugin.toml").write_text(IMAGE_MANIFEST + 'handler = "other.handler"\n')
    digests.append(packaged(plugin).artifact.sha256)
    other = image_plugin(plugin.folder.parent / "other", made_base(layers=3))
    shutil.copy(other.folder / "image.lock", plugin.folder)
    digests.append(packaged(plugin).artifact.sha256)

    assert len(set(digests)) == 4


def test_an_image_ready_to_be_pushed_has_its_own_blobs_and_names_the_base(plugin: LockedPlugin) -> None:
    artifact = packaged(plugin).artifact
    image = stored_image(artifact.file)

    assert hashlib.sha256(image.manifest.content).hexdigest() == artifact.sha256
    assert image.base == "public.ecr.aws/lambda/python"
    own = {image.manifest.config.digest, *(layer.digest for layer in image.manifest.layers[2:])}
    assert image.files.keys() == own
    assert all(f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}" == key for key, file in image.files.items())


@pytest.mark.parametrize("key", ["handler", "import", "secret", "syntax"])
def test_the_checks_of_a_zip_apply_to_an_image(plugin: LockedPlugin, key: str) -> None:
    source = plugin.folder / "src" / "index.py"
    text = source.read_text()
    source.write_text(
        {
            "handler": text.replace("def handler", "def other"),
            "import": text + "import nowhere\n",
            "secret": text + f'KEY = "AKIA{"Q3EGRIFT6FQLZ7VN"}"\n',
            "syntax": text + "def (\n",
        }[key]
    )
    assert run(["package", "--json"]) == 4
    assert not (plugin.folder / "dist" / "sample-1.oci").exists()


def test_a_missing_lock_of_the_base_stops_the_build(plugin: LockedPlugin, capsys: pytest.CaptureFixture[str]) -> None:
    (plugin.folder / "image.lock").unlink()
    assert run(["package"]) == 5
    assert "image.lock is missing" in capsys.readouterr().err


def test_an_image_that_other_tools_push_is_not_built(plugin: LockedPlugin, capsys: pytest.CaptureFixture[str]) -> None:
    (plugin.folder / "plugin.toml").write_text(IMAGE_MANIFEST + 'imageTag = "1.4.0"\n')
    assert run(["package"]) == 6
    assert "there is nothing to build" in capsys.readouterr().err
    assert run(["check"]) == 0


def test_an_image_larger_than_lambda_allows_is_refused(
    plugin: LockedPlugin, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from builder.bundle import size_limits

    size = packaged(plugin).artifact.unpacked_size
    base = sum(layer.size for layer in made_base().image.manifest.layers)
    assert lambda_images.IMAGE_MAX == 10 * 1024**3
    monkeypatch.setattr(size_limits, "IMAGE_MAX", size + base - 1)
    assert run(["package"]) == 6
    assert "The image is at least" in capsys.readouterr().err
    monkeypatch.setattr(size_limits, "IMAGE_MAX", size + base)
    assert run(["package"]) == 0
    assert "The image is at least" in capsys.readouterr().err


def test_inspect_shows_the_layers(plugin: LockedPlugin, capsys: pytest.CaptureFixture[str]) -> None:
    artifact = packaged(plugin).artifact
    capsys.readouterr()
    assert run(["inspect", str(artifact.file)]) == 0
    out = capsys.readouterr().out
    assert "the base image" in out
    assert "The layers of the base image are not in the folder" in out
    assert "one 1.0" in out
    assert run(["inspect", str(artifact.file), "--json", "--html", str(plugin.folder / "page.html")]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["artifact"]["sha256"] == artifact.sha256
    assert shown["artifact"]["treeDigest"] == artifact.tree_digest
    assert [layer["packages"] for layer in shown["layers"]] == [[], [], ["one 1.0"], ["two 2.5"], []]
    assert artifact.sha256 in (plugin.folder / "page.html").read_text()


def test_package_all_builds_zips_and_images_together(
    plugin: LockedPlugin, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = packaged(plugin).artifact.sha256
    other = plugin.folder.parent / "second"
    shutil.copytree(plugin.folder, other, ignore=shutil.ignore_patterns("dist"))
    (other / "plugin.toml").write_text(MANIFEST)
    monkeypatch.chdir(plugin.folder.parent)
    shutil.rmtree(plugin.folder / "dist")
    assert run(["package", "--all", "--json"]) == 0
    assert (other / "dist" / "sample-1.zip").exists()
    assert read_layout(plugin.folder / "dist" / "sample-1.oci").artifact.sha256 == digest
    assert capsys.readouterr().out


def test_the_schemas_of_oci_find_documents_that_other_tools_would_refuse(plugin: LockedPlugin) -> None:
    layout = packaged(plugin).artifact.file
    (entry,) = document(layout / "index.json")["manifests"]
    manifest = document(blob(layout, entry))
    config = document(blob(layout, manifest["config"]))

    manifest["config"]["digest"] = "sha256"
    del config["rootfs"]

    assert list(document_problems(MANIFEST_SCHEMA, json.dumps(manifest).encode()))
    assert list(document_problems(CONFIG, json.dumps(config).encode()))

"""``package --archive``: one file with the complete image; the base's layers come from their registry, once."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.cli.app import run
from tests.support.images.base_images import MadeBase, made_base
from tests.support.images.image_plugin import IMAGE_MANIFEST, image_plugin
from tests.support.plugins.locked_plugin import MANIFEST
from tests.support.servers.image_registry import ImageRegistry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.plugins.locked_plugin import LockedPlugin

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def registry() -> Iterator[ImageRegistry]:
    with ImageRegistry() as running:
        yield running


@pytest.fixture
def base(registry: ImageRegistry) -> MadeBase:
    made = made_base(f"{registry.host}/team/base:1")
    registry.repository("team/base").blobs.update(made.blobs)
    return made


@pytest.fixture
def served(tmp_path: Path, base: MadeBase, monkeypatch: pytest.MonkeyPatch) -> LockedPlugin:
    made = image_plugin(tmp_path, base)
    (made.folder / "plugin.toml").write_text(f'{IMAGE_MANIFEST}[build.image]\nbase = "{base.image.reference}"\n')
    monkeypatch.setenv("BIOT_PLUGIN_STORE", str(made.store))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(made.folder)
    return made


def contents(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        streams = {member.name: tar.extractfile(member) for member in tar.getmembers() if member.isfile()}
        return {name: stream.read() for name, stream in streams.items() if stream is not None}


def test_the_archive_has_every_layer_in_order_and_a_name(served: LockedPlugin, base: MadeBase) -> None:
    assert run(["package", "--archive"]) == 0
    layout, archive = (served.folder / "dist" / f"sample-1{end}" for end in (".oci", ".docker.tar"))
    files = contents(archive)

    (listed,) = json.loads(files["manifest.json"])
    assert listed["RepoTags"] == ["sample:1"]
    config = json.loads(files[listed["Config"]])
    (entry,) = json.loads(files["index.json"])["manifests"]
    manifest = json.loads(files[f"blobs/sha256/{entry['digest'][7:]}"])
    assert listed["Layers"] == [f"blobs/sha256/{layer['digest'][7:]}" for layer in manifest["layers"]]
    assert len(listed["Layers"]) == len(config["rootfs"]["diff_ids"]) == 5
    assert [files[path] for path in listed["Layers"][:2]] == [base.blobs[one.digest] for one in base.image.layers]
    assert all(hashlib.sha256(data).hexdigest() == name[13:] for name, data in files.items() if "sha256/" in name)
    own = json.loads((layout / "index.json").read_bytes())["manifests"][0]
    assert own["digest"] == entry["digest"]
    assert entry["annotations"]["io.github.biot-plugin-kit.base-layers"] == "0"


def test_the_same_image_gives_the_same_archive_and_the_base_is_fetched_once(
    served: LockedPlugin, registry: ImageRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = served.folder / "dist" / "sample-1.docker.tar"
    assert run(["package", "--archive"]) == 0
    assert "sample-1.docker.tar" in capsys.readouterr().out
    first, requests = archive.read_bytes(), len(registry.seen)
    archive.unlink()
    assert run(["package", "--archive", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["copies"] == {"archive": str(archive)}
    assert archive.read_bytes() == first
    assert len(registry.seen) == requests


def test_a_base_layer_that_the_registry_lacks_leaves_no_archive(
    served: LockedPlugin, registry: ImageRegistry, base: MadeBase
) -> None:
    del registry.repository("team/base").blobs[base.image.layers[1].digest]
    assert run(["package", "--archive"]) == 5
    assert not (served.folder / "dist" / "sample-1.docker.tar").exists()


def test_an_engine_that_does_not_answer_is_an_error_and_nothing_stays(served: LockedPlugin, tmp_path: Path) -> None:
    """In a process of its own: the library leaves its socket open when nobody answers."""
    done = subprocess.run(
        [sys.executable, "-m", "builder", "package", "--load"],
        env={**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/none.sock", "PYTHONPATH": str(REPOSITORY)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 6
    assert "The Docker engine does not answer" in done.stderr
    assert (served.folder / "dist" / "sample-1.oci").is_dir()
    assert not (served.folder / "dist" / "sample-1.docker.tar").exists()


def test_a_zip_has_no_such_copies(served: LockedPlugin, capsys: pytest.CaptureFixture[str]) -> None:
    (served.folder / "plugin.toml").write_text(MANIFEST)
    assert run(["package", "--archive"]) == 2
    assert "for IMAGE plugins" in capsys.readouterr().err
    assert run(["package", "--all", "--load"]) == 2

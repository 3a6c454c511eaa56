"""``biot-plugin lock`` of an IMAGE plugin asks the base's registry, over a real socket, and only when it must."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from builder.cli.app import run
from tests.support.images.base_images import made_base
from tests.support.images.image_plugin import IMAGE_MANIFEST
from tests.support.servers.image_registry import ImageRegistry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.images.base_images import MadeBase
    from tests.support.plugins.locked_plugin import LockedPlugin


@pytest.fixture
def registry() -> Iterator[ImageRegistry]:
    with ImageRegistry() as running:
        yield running


def serve(registry: ImageRegistry, base: MadeBase) -> None:
    stored = registry.repository("team/base")
    digest = base.image.digest
    stored.blobs.update(base.blobs)
    stored.manifests[digest] = (base.image.manifest.media_type, base.image.manifest.content)
    stored.tags["1"] = digest


def locked_digest(plugin: LockedPlugin) -> str:
    return str(json.loads((plugin.folder / "image.lock").read_bytes())["manifestDigest"])


def test_lock_pins_what_the_tag_names_now_and_keeps_it_until_upgrade(
    plugin: LockedPlugin, registry: ImageRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = f"{registry.host}/team/base:1"
    first, second = made_base(reference), made_base(reference, layers=3)
    serve(registry, first)
    manifest = f'[build.image]\nbase = "{reference}"\n'
    (plugin.folder / "pyproject.toml").unlink()
    plugin.lock.unlink()
    (plugin.folder / "src" / "index.py").write_text("def handler(event, context):\n    return 1\n")
    (plugin.folder / "plugin.toml").write_text(IMAGE_MANIFEST + manifest)

    assert run(["lock"]) == 0
    assert f"image.lock: {reference}@{first.image.digest}." in capsys.readouterr().out
    assert locked_digest(plugin) == first.image.digest
    assert run(["package"]) == 0
    requests = len(registry.seen)
    serve(registry, second)
    assert run(["lock"]) == 0
    assert len(registry.seen) == requests
    assert locked_digest(plugin) == first.image.digest
    capsys.readouterr()
    assert run(["lock", "--upgrade", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["baseImage"] == f"{reference}@{second.image.digest}"
    assert locked_digest(plugin) == second.image.digest


def test_a_base_that_lambda_cannot_run_leaves_the_lock_as_it_is(
    plugin: LockedPlugin, registry: ImageRegistry, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = f"{registry.host}/team/base:1"
    serve(registry, made_base(reference, config={"Entrypoint": ["/bin/sh"]}))
    (plugin.folder / "pyproject.toml").unlink()
    plugin.lock.unlink()
    (plugin.folder / "plugin.toml").write_text(IMAGE_MANIFEST + f'[build.image]\nbase = "{reference}"\n')
    before = (plugin.folder / "image.lock").read_bytes()

    assert run(["lock"]) == 5
    assert "does not start Lambda's runtime interface client" in capsys.readouterr().err
    assert (plugin.folder / "image.lock").read_bytes() == before

"""An IMAGE plugin from plugin.toml to BioT: built, pushed and published; nothing sent twice; rolled back by its tag."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from builder.image.layout_files import stored_image
from builder.oci import content_digest
from builder.platform.reserved_variables import TREE_DIGEST_NAME
from tests.functional.release.conftest import LOCAL
from tests.support.sandbox.pushed_images import registry_client, small_image

if TYPE_CHECKING:
    from tests.functional.release.conftest import ImagePlugin


def test_an_image_is_built_pushed_and_published_under_the_tag_of_its_content(image: ImagePlugin) -> None:
    planned = image.machine("plan", *LOCAL, "--json")
    assert planned.code == 10
    assert image.tags() == set()  # a plan sends nothing

    published = image.publish()

    tag = image.built_tag()
    assert (published["verdict"], published["version"], published["treeDigest"]) == ("done", 1, f"image:{tag}")
    assert image.tags() == {tag}
    stored = image.stored()
    assert stored["deploymentPackageType"] == "IMAGE"
    assert stored["environmentVariables"][TREE_DIGEST_NAME] == f"image:{tag}"
    client = registry_client(image.biot)
    with client.http:
        manifest = client.http.get(client.path(f"manifests/{tag}")).json()
        for part in (manifest["config"], *manifest["layers"]):  # those of the base too
            found = client.http.get(client.path(f"blobs/{part['digest']}"))
            assert content_digest(found.content) == part["digest"]


def test_publishing_twice_sends_nothing_and_a_change_only_its_layer(image: ImagePlugin) -> None:
    image.publish()
    log_ins = image.log_ins()
    again = image.publish()
    assert (again["verdict"], image.log_ins()) == ("nothing-to-do", log_ins)
    image.write(memory=512)
    settings = image.publish()
    assert (settings["verdict"], settings["version"], image.log_ins()) == ("done", 1, log_ins)

    image.write(answer=2, memory=512)
    changed = image.machine("publish", *LOCAL)
    assert changed.code == 0
    assert "2 of 4 blobs were missing" in changed.out + changed.err  # the own layer and the config
    assert image.stored()["version"] == 2
    assert len(image.tags()) == 2


def test_a_rollback_returns_to_the_earlier_tag(image: ImagePlugin) -> None:
    first = image.publish()["treeDigest"]
    image.write(answer=2)
    second = image.publish()["treeDigest"]
    rolled = image.machine("rollback", *LOCAL, "--json").document
    assert first != second
    assert (rolled["verdict"], rolled["version"], rolled["treeDigest"]) == ("done", 3, first)
    assert image.stored()["environmentVariables"][TREE_DIGEST_NAME] == first
    assert image.publish()["treeDigest"] == second


def test_the_manual_push_gives_the_tag_that_publish_then_uses(image: ImagePlugin) -> None:
    pushed = image.machine("image", "push", *LOCAL, "--json")
    assert (pushed.code, pushed.document["imageTag"]) == (0, image.built_tag()), pushed.err
    published = image.machine("publish", *LOCAL, "--image-tag", image.built_tag(), "--json").document
    assert (published["verdict"], published["treeDigest"]) == ("done", f"image:{image.built_tag()}")
    assert image.publish()["verdict"] == "nothing-to-do"


def test_a_tag_of_other_tools_is_published_without_a_build(image: ImagePlugin) -> None:
    tag = image.publish()["treeDigest"].removeprefix("image:")
    image.write(answer=2)
    by_tag = image.machine("publish", *LOCAL, "--image-tag", tag, "--json")
    assert by_tag.document["verdict"] == "nothing-to-do"


def test_a_prebuilt_image_is_published_and_a_changed_one_is_not(image: ImagePlugin) -> None:
    assert image.machine("package").code == 0
    layout = image.machine.plugin / "dist" / "age-calculator-1.oci"
    published = image.publish("--artifact", str(layout))
    assert published["treeDigest"] == f"image:{image.built_tag()}"
    zipped = image.machine("publish", *LOCAL, "--artifact", str(image.machine.plugin / "plugin.toml"))
    assert zipped.code == 8
    assert "is an image (.oci)" in zipped.err
    config = stored_image(layout).manifest.config.digest.removeprefix("sha256:")
    file = layout / "blobs" / "sha256" / config
    file.write_bytes(file.read_bytes().replace(b"index.handler", b"other.handler"))
    changed = image.machine("publish", *LOCAL, "--artifact", str(layout))
    assert changed.code == 7


def test_a_prebuilt_image_with_a_secret_is_refused(image: ImagePlugin) -> None:
    source = image.machine.plugin / "src" / "settings.py"
    source.write_text(f'KEY = """-----BEGIN PRIVATE KEY-----\n{"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" * 12}\n"""\n')
    refused = image.machine("package", "--json")
    assert refused.code == 4
    settings = [problem["setting"] for problem in json.loads(refused.out)["problems"]]
    places = {setting.partition('[build.allow-secrets]\n"')[2].partition('"')[0] for setting in settings}
    with (image.machine.plugin / "plugin.toml").open("a") as manifest:
        manifest.write("\n[build.allow-secrets]\n" + "".join(f'"{place}" = "a sample"\n' for place in places))
    assert image.machine("package").code == 0
    image.write()
    layout = image.machine.plugin / "dist" / "age-calculator-1.oci"
    prebuilt = image.machine("publish", *LOCAL, "--json", "--artifact", str(layout))
    assert prebuilt.code == 4
    assert image.tags() == set()


def test_a_tag_that_points_to_another_image_is_a_conflict_and_stays(image: ImagePlugin) -> None:
    image.publish()
    image.write(answer=2)
    assert image.machine("package").code == 0
    tag, foreign = image.built_tag(), small_image("somebody else's")
    client = registry_client(image.biot)
    with client.http:
        client.push(foreign, tag)
        failed = image.machine("publish", *LOCAL, "--json")
        assert client.http.get(client.path(f"manifests/{tag}")).content == foreign.manifest.content

    assert (failed.code, failed.document["kind"]) == (8, "conflict")
    assert "never overwritten" in failed.document["hint"]
    assert image.stored()["version"] == 1

"""An installed kit finds its source in the metadata that pip has stored (PEP 610)."""

from __future__ import annotations

import json

import pytest

from builder.errors import ProjectError
from scaffold.template_source import TemplateOrigin, origin_of

URLS = ("Homepage, https://example.com", "Source, https://example.com/o/kit")


def direct_url(url: str, **info: object) -> str:
    return json.dumps({"url": url, **info})


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        pytest.param(
            direct_url("https://example.com/o/kit.git", vcs_info={"vcs": "git", "commit_id": "abc"}),
            TemplateOrigin(source="https://example.com/o/kit.git", ref="abc"),
            id="git",
        ),
        pytest.param(
            direct_url("https://example.com/o/kit", vcs_info={"vcs": "git", "commit_id": "abc"}),
            TemplateOrigin(source="git+https://example.com/o/kit", ref="abc"),
            id="git, an address that does not look like it",
        ),
        pytest.param(
            direct_url("ssh://git@example.com/o/kit", vcs_info={"vcs": "git", "commit_id": "abc"}),
            TemplateOrigin(source="git+ssh://git@example.com/o/kit", ref="abc"),
            id="ssh",
        ),
        pytest.param(
            direct_url("file:///home/me/my%20kit", dir_info={}),
            TemplateOrigin(source="/home/me/my kit", ref="HEAD"),
            id="folder",
        ),
        pytest.param(
            direct_url("file:///home/me/kit", dir_info={"editable": True}),
            TemplateOrigin(source="/home/me/kit", ref="HEAD"),
            id="editable",
        ),
        pytest.param(
            direct_url("https://example.com/kit.whl", archive_info={}),
            TemplateOrigin(source="https://example.com/o/kit", ref="v1.2.3"),
            id="a wheel by its address",
        ),
        pytest.param(None, TemplateOrigin(source="https://example.com/o/kit", ref="v1.2.3"), id="index"),
    ],
)
def test_the_templates_come_from_the_source_of_the_installed_kit(
    installed: str | None, expected: TemplateOrigin
) -> None:
    assert origin_of(installed, version="1.2.3", urls=URLS) == expected


def test_a_kit_without_a_source_in_its_metadata_asks_for_one() -> None:
    with pytest.raises(ProjectError, match=r"1\.2\.3 names no source") as caught:
        origin_of(None, version="1.2.3", urls=())
    assert "--source" in caught.value.hint

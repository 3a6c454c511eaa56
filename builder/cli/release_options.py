"""What ``plan`` and ``publish`` are asked to bring to BioT."""

from __future__ import annotations

import re
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder.manifest.rules.package_type import TAG

if TYPE_CHECKING:
    from collections.abc import Callable

_ARTIFACT = click.Path(exists=True, dir_okay=False, path_type=Path)
_WITHOUT_CODE = (
    "Create a new plugin without code: BioT deploys its seed plugin for the runtime, nothing is built, and the next "
    "publish sends yours."
)
_WITHOUT_DIGEST = (
    "Do not tell BioT the code's digest (PLUGIN_TREE_DIGEST). Then only versions are compared: raise version in "
    "plugin.toml by one for new code."
)


def _check_tag(context: click.Context, parameter: click.Parameter, tag: str | None) -> str | None:
    """An empty tag is a variable of a pipeline that was not set, and means no other image."""
    if tag is not None and not re.fullmatch(TAG, tag):
        msg = f"{tag!r} is no tag: it starts with a letter, a digit or an underscore; dots and hyphens may follow."
        raise click.BadParameter(msg, ctx=context, param=parameter)
    return tag


def release_options(function: Callable[..., int]) -> Callable[..., int]:
    """``--artifact``, ``--image-tag``, ``--without-code`` and ``--without-digest``, handed on as one ``request``."""

    @wraps(function)
    def command_with_request(
        *, artifact: Path | None, image_tag: str | None, without_code: bool, without_digest: bool, **others: object
    ) -> int:
        from builder.release_artifact import PublishRequest

        if without_code and (artifact is not None or image_tag is not None):
            msg = "--without-code sends no code, so it goes with neither --artifact nor --image-tag."
            raise click.UsageError(msg)
        request = PublishRequest(
            artifact=artifact, image_tag=image_tag, without_code=without_code, marked=not without_digest
        )
        return function(request=request, **others)

    options = (
        click.option(
            "artifact", "--artifact", type=_ARTIFACT, help="A ZIP that was built before, its report beside it."
        ),
        click.option(
            "image_tag",
            "--image-tag",
            metavar="TAG",
            callback=_check_tag,
            help="Of an IMAGE plugin: the tag that was pushed.",
        ),
        click.option("without_code", "--without-code", is_flag=True, help=_WITHOUT_CODE),
        click.option("without_digest", "--without-digest", is_flag=True, help=_WITHOUT_DIGEST),
    )
    for option in reversed(options):
        command_with_request = option(command_with_request)
    return command_with_request

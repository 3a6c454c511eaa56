"""Options of ``plan`` and ``publish`` that say what is published: one plugin, or every plugin of a repository."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder.manifest.rules.package_type import TAG

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from builder.batch import Shard

_ARTIFACT = click.Path(exists=True, path_type=Path)
_WITHOUT_CODE = (
    "Create a new plugin without your code: BioT deploys its seed plugin for the runtime, and nothing is built. The "
    "next publish sends your code."
)
_WITHOUT_DIGEST = (
    "Do not store the digest of the code on BioT (PLUGIN_TREE_DIGEST). Code is then compared by version only, so "
    "increase version in plugin.toml for new code."
)


def _check_tag(context: click.Context, parameter: click.Parameter, tag: str | None) -> str | None:
    """Check the tag of an image; an empty one comes from an unset variable of a pipeline, and means no new image."""
    if tag is not None and not re.fullmatch(TAG, tag):
        allowed = "letters, digits, underscores, dots and hyphens, and must not start with a dot or a hyphen"
        msg = f"{tag!r} is not a tag: a tag consists of {allowed}."
        raise click.BadParameter(msg, ctx=context, param=parameter)
    return tag


_OPTIONS = (
    click.option(
        "artifact",
        "--artifact",
        type=_ARTIFACT,
        help="Use this ZIP or image (.oci), with its report beside it, instead of building.",
    ),
    click.option(
        "image_tag",
        "--image-tag",
        metavar="TAG",
        callback=_check_tag,
        help="The tag of an IMAGE plugin's image that other tools pushed; nothing is built.",
    ),
    click.option(
        "source",
        "--from",
        metavar="ENVIRONMENT",
        help="Publish the very bytes that this environment has now, with the settings of -e. Nothing is built.",
    ),
    click.option("without_code", "--without-code", is_flag=True, help=_WITHOUT_CODE),
    click.option("without_digest", "--without-digest", is_flag=True, help=_WITHOUT_DIGEST),
)


def release_options(function: Callable[..., int]) -> Callable[..., int]:
    """``--artifact``, ``--image-tag``, ``--from``, ``--without-code`` and ``--without-digest`` as one ``request``."""

    @wraps(function)
    def command_with_request(
        *,
        artifact: Path | None,
        image_tag: str | None,
        source: str | None,
        without_code: bool,
        without_digest: bool,
        **others: object,
    ) -> int:
        from builder.release_artifact import PublishRequest

        if without_code and (artifact is not None or image_tag is not None):
            msg = "--without-code cannot be used with --artifact or --image-tag, which send code."
            raise click.UsageError(msg)
        if source is not None and (artifact is not None or image_tag is not None or without_code or without_digest):
            others_named = "--artifact, --image-tag, --without-code and --without-digest"
            msg = f"--from publishes the code of another environment. It cannot be used with {others_named}."
            raise click.UsageError(msg)
        request = PublishRequest(
            artifact=artifact, image_tag=image_tag, source=source, without_code=without_code, marked=not without_digest
        )
        return function(request=request, **others)

    for option in reversed(_OPTIONS):
        command_with_request = option(command_with_request)
    return command_with_request


@dataclass(frozen=True, kw_only=True, slots=True)
class SelectedPlugins:
    """The plugins of ``plan --all`` and ``publish --all``: below which folder, and which share of them."""

    root: Path
    shard: Shard


def every_plugin_options(function: Callable[..., int]) -> Callable[..., int]:
    """``--all``, ``--shard`` and ROOT, passed on as ``selection``: ``SelectedPlugins``, or None for one plugin."""

    @click.argument("root", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
    @click.option("every", "--all", is_flag=True, help="Every plugin below ROOT (default: this folder), a few at once.")
    @click.option("--shard", metavar="I/N", help="With --all: only part I of N, the same part on every machine.")
    @wraps(function)
    def command_with_selection(*, root: Path | None, every: bool, shard: str | None, **others: object) -> int:
        if every:
            return function(selection=_select(root, shard, others), **others)
        if root is not None or shard is not None:
            message = "ROOT and --shard need --all. Use --project for one plugin of another folder."
            raise click.UsageError(message)
        return function(selection=None, **others)

    return command_with_selection


def _select(root: Path | None, shard: str | None, others: Mapping[str, object]) -> SelectedPlugins:
    from builder.batch import Shard

    if others["folder"] != Path():
        message = "--project names one plugin. With --all, give the folder to search as ROOT."
        raise click.UsageError(message)
    if others.get("out") is not None or others.get("plan_file") is not None or _names_code(others["request"]):
        message = "--artifact, --image-tag, --without-code, --plan and --out are for one plugin, not for --all."
        raise click.UsageError(message)
    try:
        return SelectedPlugins(root=(root or Path()).resolve(), shard=Shard.parse(shard or "1/1"))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--shard") from error


def _names_code(request: object) -> bool:
    """Whether the options say which code one plugin gets."""
    names = ("artifact", "image_tag", "without_code")
    return any(getattr(request, name) for name in names)

"""``biot-plugin image``."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder.cli.connection_options import connect, select_environment
from builder.cli.options import json_option, project_of, project_options
from builder.cli.output import print_document, print_lines
from builder.cli.progress_bar import TerminalProgress
from builder.image.layout_files import SUFFIX
from builder.image_release import RepositoryLogIn, describe_push, push_to_biot, read_layout, read_remote_image
from builder.registry import RegistryOptions, check_log_in

if TYPE_CHECKING:
    from builder.oci import StoredImage
    from builder.progress import Progress


@click.group(
    short_help="Log in to BioT's image repository, and push to it.",
    epilog="""\b
Examples:
  biot-plugin image login -e dev                   test the log-in
  biot-plugin image push -e dev                    build, push, print the tag
  biot-plugin image push dist/acme-3.oci -e dev    push what was built
""",
)
def command() -> None:
    """Use the repository of container images that BioT has for each environment.

    `biot-plugin publish` does all of this. These commands are for teams whose process has the manual steps of BioT's
    guide "Custom Plugin Deployment": log in, push, and enter the imageTag.
    """


@command.command(
    short_help="Test the log-in to the image repository.", epilog="\b\nExample:\n  biot-plugin image login -e dev"
)
@project_options
@json_option
def login(folder: Path, environment: str | None, *, as_json: bool) -> None:
    """Ask BioT for temporary credentials, and log in to its repository of images with them.

    Nothing is stored: `biot-plugin image push` logs in itself. No secret is printed.
    """
    selected = select_environment(folder, environment)
    with connect(selected, as_json=as_json) as client:
        log_in = RepositoryLogIn(client, os.environ)
        temporary = log_in.temporary()
        credentials = log_in.credentials()
        check_log_in(temporary.repository, lambda: credentials, log_in.options)
    expires = (credentials.expires if credentials else None) or temporary.expiration
    document = {
        "registry": temporary.repository.registry,
        "repository": temporary.repository.repository,
        "expires": expires.isoformat(timespec="seconds"),
    }
    if as_json:
        print_document({"status": "done", "verdict": "done", "environment": selected.target.name, **document})
    else:
        print_lines(f"{name:10}  {text}" for name, text in document.items())


@command.command(
    short_help="Push an image to BioT's repository, and print its tag.",
    epilog="""\b
Examples:
  biot-plugin image push -e dev                       builds the plugin first
  biot-plugin image push dist/acme-3.oci -e dev
  biot-plugin image push host.example/acme:3 -e dev   copies from a registry
""",
)
@click.argument("source", required=False, metavar="[DIR|REFERENCE]")
@project_options
@json_option
def push(source: str | None, folder: Path, environment: str | None, *, as_json: bool) -> None:
    """Push an image, and print the imageTag that the API of BioT needs.

    The image is an OCI layout (DIR) or is copied from another registry (REFERENCE); without either, the plugin is
    built. The tag follows from the content. A tag is never overwritten, and what the repository has already is not
    sent again.
    """
    selected = select_environment(folder, environment)
    progress = TerminalProgress(quiet=as_json)
    try:
        with tempfile.TemporaryDirectory(prefix="biot-image-") as scratch:
            image = _image(source, Path(scratch), progress, (folder, environment))
            with connect(selected, as_json=as_json) as client:
                pushed = push_to_biot(client, image, os.environ, progress)
    finally:
        progress.close()
    if as_json:
        print_document(
            {
                "status": pushed.verdict.value,
                "verdict": pushed.verdict.value,
                "environment": selected.target.name,
                "imageTag": pushed.reference.tag,
                "repository": pushed.reference.repository_name,
                "digest": pushed.reference.digest,
                "sentBytes": pushed.sent_bytes,
            }
        )
    else:
        print_lines([describe_push(pushed), f"imageTag: {pushed.reference.tag}"])


def _image(source: str | None, scratch: Path, progress: Progress, project: tuple[Path, str | None]) -> StoredImage:
    """The image that a command line names, or the plugin's own."""
    if source is None:
        from builder import pipeline

        artifact = pipeline.package(project_of(*project), progress).artifact.file
        if not artifact.is_dir():
            msg = f"The plugin is packaged as a ZIP ({artifact.name}), not as an image."
            raise click.UsageError(msg)
        return read_layout(artifact)
    if Path(source).is_dir():
        return read_layout(Path(source))
    if source.startswith((".", "/")) or source.endswith(SUFFIX) or "\\" in source:
        msg = f"There is no folder {source}."
        raise click.UsageError(msg)
    return read_remote_image(source, scratch, progress, RegistryOptions())

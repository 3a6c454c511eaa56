"""``biot-plugin publish``: says honestly that this version does not."""

from __future__ import annotations

import click

from builder.errors import PublishError


@click.command(
    short_help="Tell how to bring the ZIP to BioT by hand.", context_settings={"ignore_unknown_options": True}
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:  # noqa: ARG001 - whatever is asked, the answer is the same
    """Not in this version: tells how to bring the ZIP to BioT by hand."""
    message = "This version of biot-plugin-kit does not publish. Nothing was sent."
    raise PublishError(
        message,
        hint="Run `biot-plugin package`, then in the BioT Console: Plugin Configuration Management, "
        "Add Plugin or the plugin's row, Code (ZIP).",
    )

"""Links into the AWS console: printed, and opened only on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.cli.output import print_document, print_text
from builder.errors import PublishError
from builder.publishing.remote.console_links import is_console

if TYPE_CHECKING:
    from builder.publishing.api_values import RemotePlugin


def told_link(plugin: RemotePlugin, link: str, *, browser: bool, as_json: bool) -> None:
    """Print a link, and open it when that was asked for and it leads to AWS.

    Raises:
        PublishError: It was to be opened and leads elsewhere, or there is no browser.
    """
    if browser and not is_console(link):
        msg = f"This link is not opened, because it does not lead to the AWS console by https: {link}"
        raise PublishError(msg, hint="Open it yourself if you trust it.")
    if as_json:
        print_document({"status": "ok", "name": plugin.name, "url": link})
    else:
        print_text(link)
    if browser:
        _open(link)


def _open(link: str) -> None:
    import webbrowser

    if not webbrowser.open(link):
        msg = "This machine has no browser to open the link in."
        raise PublishError(msg, hint="Copy the link.")

"""``biot-plugin open``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.cli.plugin_commands import link_command
from builder.publishing.failures import NoAnswer

if TYPE_CHECKING:
    from builder.publishing.api_values import RemotePlugin


def _console_link(plugin: RemotePlugin) -> str:
    if not plugin.console_url:
        msg = f"BioT answered {plugin.name} without a link to AWS."
        raise NoAnswer(msg, hint="Try again in a minute: BioT may still be creating the plugin.")
    return plugin.console_url


command = link_command(
    "open",
    "a plugin's page in the AWS console",
    "It is the link of Open in AWS in BioT's Console. You need a user of BioT's AWS account to see the page.",
    _console_link,
)

"""``biot-plugin logs``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builder.cli.plugin_commands import link_command
from builder.errors import PublishError
from builder.publishing.remote.console_links import logs_link

if TYPE_CHECKING:
    from builder.publishing.api_values import RemotePlugin


def _logs_link(plugin: RemotePlugin) -> str:
    link = logs_link(plugin.console_url, plugin.full_name)
    if link is None:
        url = f" ({plugin.console_url})" if plugin.console_url else ""
        msg = f"{plugin.name} has no logs in AWS: BioT's link to it{url} does not lead to the AWS console."
        raise PublishError(
            msg,
            hint=f"A local plugin has none. Otherwise find the log group /aws/lambda/{plugin.full_name} in CloudWatch.",
        )
    return link


command = link_command(
    "logs",
    "a plugin's logs in AWS CloudWatch",
    "It is the link of Open Logs in BioT's Console, made from the link to the function, because BioT has no API for "
    "logs. You need a user of BioT's AWS account to see the logs.",
    _logs_link,
)

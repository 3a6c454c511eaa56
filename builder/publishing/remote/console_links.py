"""Links into the AWS console: to the function, which BioT answers, and to its logs, for which BioT has no API."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote, urlsplit

_CONSOLE_HOST = re.compile(
    r"(?:(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9])\.)?console\.(?P<partition>aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn)"
)
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]")


def is_console(url: str) -> bool:
    """Whether a link is https and leads to the AWS console, so that it may be opened in a browser."""
    return _console(url) is not None


def logs_link(console_url: str, function: str) -> str | None:
    """The link to the function's log group in CloudWatch; None when the Lambda link has no region.

    Args:
        console_url: BioT's ``linkToConsole``.
        function: Name of the Lambda function: the plugin's with ``Plugin-``.
    """
    host = _console(console_url)
    if host is None:
        return None
    parameter = parse_qs(urlsplit(console_url).query).get("region", [""])[0]
    region = parameter or host["region"]
    if not region or not _REGION.fullmatch(region):
        return None
    # CloudWatch quotes the name twice, and writes "$" instead of the second "%".
    group = quote(quote(f"/aws/lambda/{function}", safe=""), safe="").replace("%", "$")
    base = f"https://{region}.console.{host['partition']}/cloudwatch/home?region={region}"
    return f"{base}#logsV2:log-groups/log-group/{group}"


def _console(url: str) -> re.Match[str] | None:
    if not url.isascii() or not url.isprintable() or any(character in url for character in "\\ \"'<>`"):
        return None
    try:
        parts = urlsplit(url)
        is_plain = parts.scheme == "https" and parts.port in {None, 443} and parts.username is None
    except ValueError:
        return None
    return _CONSOLE_HOST.fullmatch(parts.hostname or "") if is_plain else None

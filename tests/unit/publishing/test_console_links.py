from __future__ import annotations

import pytest

from builder.publishing.remote.console_links import is_console, logs_link

LAMBDA = "https://eu-central-1.console.aws.amazon.com/lambda/home?region=eu-central-1#/functions/Plugin-age"


def test_the_logs_link_leads_to_the_functions_log_group() -> None:
    assert logs_link(LAMBDA, "Plugin-age") == (
        "https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1"
        "#logsV2:log-groups/log-group/$252Faws$252Flambda$252FPlugin-age"
    )


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://console.aws.amazon.com/lambda/home?region=us-east-1#/functions/x", "us-east-1"),
        ("https://us-gov-west-1.console.amazonaws-us-gov.com/lambda/home", "us-gov-west-1"),
        ("https://console.amazonaws.cn/lambda/home?region=cn-north-1", "cn-north-1"),
    ],
)
def test_the_region_is_read_from_the_query_or_the_host(url: str, region: str) -> None:
    assert f"region={region}#" in (logs_link(url, "Plugin-x") or "")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://eu-central-1.console.aws.amazon.com/",
        "https://console.aws.amazon.com.evil.example/",
        "https://evil.example/console.aws.amazon.com",
        "https://user@console.aws.amazon.com/",
        "https://console.aws.amazon.com:8443/",
        "https://xconsole.aws.amazon.com/",
        "https://console.aws.amazon.com\\@evil.example/",
        "https://console.aws.amazon.com/\n--incognito",
        "https://[bad/",
        "javascript:alert(1)",
        "file:///etc/passwd",
    ],
)
def test_only_https_links_to_the_aws_console_are_opened(url: str) -> None:
    assert not is_console(url)
    assert logs_link(url, "Plugin-x") is None


def test_a_link_without_a_region_gives_no_logs() -> None:
    assert is_console("https://console.aws.amazon.com/lambda/home")
    assert logs_link("https://console.aws.amazon.com/lambda/home", "Plugin-x") is None
    assert logs_link("https://console.aws.amazon.com/lambda/home?region=../x", "Plugin-x") is None

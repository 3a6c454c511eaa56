"""The pages that are generated from the code have everything, and the check of the site finds what is broken."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from builder.cli.app import COMMAND_GROUPS, COMMANDS, cli
from builder.error_codes import read_error_codes
from builder.manifest.schema.json_schema import schema
from documentation.command_page import command_page
from documentation.error_page import error_page
from documentation.html_check import broken_links
from documentation.manifest_page import manifest_page
from documentation.page_links import site_links

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[2] / "docs"


def test_every_command_and_option_is_on_the_page_of_commands() -> None:
    page = command_page(cli, COMMAND_GROUPS)
    context = click.Context(cli)
    options = {
        option
        for name in COMMANDS
        if (command := cli.get_command(context, name)) is not None
        for param in command.params
        if isinstance(param, click.Option) and not param.hidden
        for option in param.opts
    }

    assert [name for name in COMMANDS if f"### biot-plugin {name} " not in page] == []
    assert sorted(option for option in options if option not in page) == []
    assert "### biot-plugin image push { #image-push }" in page


def test_every_command_is_named_on_a_page_that_people_wrote() -> None:
    """A guide, the tutorial or a page about a subject: the generated reference alone helps only who knows the name."""
    subjects = [DOCS / f"{name}.md" for name in ("tutorial", "local", "packaging", "publishing", "evidence")]
    text = "\n".join(page.read_text("utf-8") for page in (*subjects, *(DOCS / "how-to").glob("*.md")))
    context = click.Context(cli)
    leaves = []
    for name in COMMANDS:
        command = cli.get_command(context, name)
        below = command.list_commands(context) if isinstance(command, click.Group) else []
        alone = not isinstance(command, click.Group) or command.invoke_without_command
        leaves += [*([name] if alone else []), *(f"{name} {word}" for word in below)]

    assert "image push" in leaves
    assert [name for name in leaves if not re.search(rf"\bbiot-plugin {name}\b", text)] == []


def test_every_guide_is_in_the_navigation_and_on_the_first_page() -> None:
    guides = {f"how-to/{page.name}" for page in (DOCS / "how-to").glob("*.md")}
    navigation = (DOCS.parent / "documentation" / "zensical.toml").read_text("utf-8")
    first_page = (DOCS / "index.md").read_text("utf-8")

    assert {page for page in guides if f'"{page}"' not in navigation} == set()
    assert {page for page in guides if f"({page})" not in first_page} == set()


def keys(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        yield from value.get("properties", {}) if isinstance(value.get("properties"), dict) else ()
        for below in value.values():
            yield from keys(below)


def test_every_key_is_on_the_page_of_keys_with_its_range_and_default() -> None:
    page = manifest_page(schema())
    of_tables = {"plugin", "build", "environments", "local"}

    missing = {key for key in keys(schema()) if f"`{key}`" not in page and f".{key}]" not in page}
    assert missing <= of_tables
    assert "| `timeout` | 1 to 900; default `60`<br>" in page
    assert "| `name` * | text, at most 57 characters<br>" in page
    assert '| `prune` | list of `"tests"`, ' in page
    assert "## [[plugin.subscriptions.interceptions]] { #plugin-subscriptions-interceptions }" in page


def test_every_code_is_on_the_page_of_codes() -> None:
    codes = read_error_codes()
    page = error_page(codes.values())

    headings = re.findall(r"^## (\S+) \{ #(\S+) \}$", page, re.MULTILINE)
    assert sorted(headings) == sorted((code, code) for code in codes)
    assert [code.cause for code in codes.values() if code.cause not in page] == []


@pytest.mark.parametrize(
    ("link", "file", "expected"),
    [
        ("[a](local.md#x)", "docs/publishing.md", "[a](local.md#x)"),
        ("[a](../README.md)", "docs/architecture.md", "[a](index.md)"),
        ("[a](../../CONTRIBUTING.md)", "docs/decisions/0046-dependencies.md", "[a](../contributing.md)"),
        ("[a](docs/decisions/README.md)", "CONTRIBUTING.md", "[a](decisions/README.md)"),
        ("[a](#here) [b](https://example.com/a.md)", "docs/local.md", "[a](#here) [b](https://example.com/a.md)"),
    ],
)
def test_links_of_the_repository_become_links_of_the_site(link: str, file: str, expected: str) -> None:
    assert site_links(link, file) == expected


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ('<a href="b.html#two">', ""),
        ('<a href="#one"><p id="one">', ""),
        ('<a href="/b.html">', ""),
        ('<a href="https://example.com">', ""),
        ('<a href="c.html">', "a.html: no file c.html"),
        ('<a href="b.html#three">', "a.html: no anchor b.html#three"),
        ('<a href="#one">', "a.html: no anchor #one"),
        ('<img src="none.png">', "a.html: no file none.png"),
        ('<script src="https://example.com/x.js"></script>', "a.html: loads https://example.com/x.js"),
        ('<link rel="stylesheet" href="//fonts.example.com">', "a.html: loads //fonts.example.com"),
    ],
)
def test_the_check_of_the_site_finds_what_is_broken(html: str, problem: str) -> None:
    pages = {"a.html": html, "b.html": '<h1 id="two">'}

    assert list(broken_links(pages, pages)) == ([problem] if problem else [])

"""Builds the documentation site, and refuses a site with a broken link or a request to another server."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from builder.cli.app import COMMAND_GROUPS, cli
from builder.error_codes import read_error_codes
from builder.manifest.schema.json_schema import schema
from documentation.command_page import command_page
from documentation.error_page import error_page
from documentation.html_check import broken_links
from documentation.manifest_page import manifest_page
from documentation.page_links import ELSEWHERE, site_links, site_page

REPOSITORY = Path(__file__).parents[1]
CONFIGURATION = Path(__file__).with_name("zensical.toml")


def main() -> int:
    """Build the site; 1 when something is wrong with it."""
    parser = argparse.ArgumentParser(prog="tox -e docs --", description=__doc__)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "build" / "site", metavar="DIR")
    out: Path = parser.parse_args().out.resolve()
    work = out.parent / f"{out.name}-source"
    for folder in (out, work):
        shutil.rmtree(folder, ignore_errors=True)
    write_sources(work / "docs")
    configuration = shutil.copy(CONFIGURATION, work)
    program = [sys.executable, "-m", "zensical", "build", "--strict", "--clean", "-f", str(configuration)]
    done = subprocess.run(program, env={**os.environ, "NO_COLOR": "1"}, check=False)
    if done.returncode != 0:
        return 1
    (work / "site").rename(out)
    shutil.rmtree(work)
    problems = check_site(out)
    print("\n".join(problems) or f"The documentation is in {out}")
    return 1 if problems else 0


def write_sources(folder: Path) -> None:
    """Write every page of the site as Markdown: those of the repository, and those that the code generates."""
    shutil.copytree(REPOSITORY / "docs", folder)
    shutil.copy(Path(__file__).with_name("site.css"), folder)
    pages = [path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "docs").rglob("*.md")]
    for page in (*pages, *(name for name in ELSEWHERE if name != "README.md")):
        text = (REPOSITORY / page).read_text("utf-8")
        (folder / site_page(page)).write_text(site_links(text, page), "utf-8")
    for name, text in generated_pages().items():
        (folder / name).write_text(text, "utf-8")


def generated_pages() -> dict[str, str]:
    """Path in the site -> Markdown of each page that is generated from the code."""
    return {
        "reference/commands.md": command_page(cli, COMMAND_GROUPS),
        "reference/manifest.md": manifest_page(schema()),
        "reference/errors.md": error_page(read_error_codes().values()),
    }


def check_site(folder: Path) -> list[str]:
    """Everything that is wrong with the links of a built site."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    pages = {name: path.read_text("utf-8") for name, path in files.items() if name.endswith(".html")}
    return sorted(set(broken_links(pages, files)))


if __name__ == "__main__":
    raise SystemExit(main())

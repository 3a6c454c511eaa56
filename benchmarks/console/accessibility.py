"""axe-core on every page, light and dark; and no sideways scrolling on narrow screens."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.console.browser import console_page
from benchmarks.console.filled_console import PAGES
from benchmarks.functions.bars import Bar

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.support.sandbox.running_sandbox import Sandbox

_LOCK = Path(__file__).parent
_SCRIPTS = Path(__file__).parents[2] / "sandbox" / "console" / "assets"


def install_tools(scratch: Path) -> Path:
    """axe-core and TypeScript, fetched by their hashes; the folder with them."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(_LOCK / name, scratch / name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=scratch, check=True, capture_output=True)
    return scratch / "node_modules"


def typed_scripts(tools: Path) -> Bar:
    """Check the types that the comments of the scripts name."""
    options = [
        "--allowJs",
        "--checkJs",
        "--noEmit",
        "--strict",
        "--target",
        "es2022",
        "--lib",
        "es2022,dom,dom.iterable",
    ]
    scripts = [str(file) for file in sorted(_SCRIPTS.glob("*.js"))]
    command = ["node", str(tools / "typescript" / "bin" / "tsc"), *options, *scripts]
    checked = subprocess.run(command, check=False, capture_output=True, text=True)
    print(checked.stdout, end="")
    errors = len(checked.stdout.splitlines())
    return Bar(
        what="types of the scripts, tsc 5.9.3 --checkJs --strict",
        bar="0 errors",
        figure=f"{errors} errors",
        met=checked.returncode == 0,
    )


def violations(browser: Browser, sandbox: Sandbox, tools: Path) -> Bar:
    """Run axe-core on every page in both colour schemes."""
    found, script = [], (tools / "axe-core" / "axe.min.js").read_text("utf-8")
    for scheme in ("light", "dark"):
        with console_page(browser, sandbox, color_scheme=scheme, bypass_csp=True) as console:
            for path in PAGES:
                console.go(path)
                console.page.evaluate(script)
                result = console.page.evaluate("axe.run()")
                found += [
                    f"{scheme} {path}: {one['id']} {one['nodes'][0]['html'][:90]}" for one in result["violations"]
                ]
    for one in found:
        print(f"  axe: {one}")
    return Bar(
        what=f"axe-core 4.14.1 on {len(PAGES)} pages, light and dark",
        bar="0 violations",
        figure=f"{len(found)} violations",
        met=not found,
    )


def narrow_screens(browser: Browser, sandbox: Sandbox) -> Bar:
    """No page scrolls sideways at 320 pixels, which is also 1280 pixels at 400 % zoom."""
    wide = []
    with console_page(browser, sandbox, viewport={"width": 320, "height": 640}) as console:
        for path in PAGES:
            console.go(path)
            width = console.page.evaluate("document.documentElement.scrollWidth")
            wide += [f"{path}: {width}"] if width > 320 else []
    for one in wide:
        print(f"  wide: {one}")
    return Bar(what="pages at 320 pixels", bar="no sideways scrolling", figure=f"{len(wide)} scroll", met=not wide)

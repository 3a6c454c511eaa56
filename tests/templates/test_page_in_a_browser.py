"""The page of ``inspect --html`` in a real browser, if there is one. Other tests check its structure without one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from typing import TYPE_CHECKING

import pytest

from builder.evidence.inspection.contents import inspect
from builder.evidence.inspection.page import write_page
from tests.support.plugins.packaged_evidence import built, with_bytecode
from tests.support.repetitions import exhaustive_after

if TYPE_CHECKING:
    from pathlib import Path

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
PROBE = """\
<iframe id="f" src="page.html" style="width:%dpx;height:900px;border:0"></iframe>
<script>
addEventListener("load", () => {
  const page = document.getElementById("f").contentDocument, view = page.defaultView;
  const box = (part) => page.querySelector(part).getBoundingClientRect();
  const seen = (part) => [box(part).width, box(part).height];
  document.title = JSON.stringify({
    overflow: page.documentElement.scrollWidth - view.innerWidth,
    wide: seen(".wide"), narrow: seen(".narrow"), table: seen("table"),
    imports: seen("#cold-start table"), command: seen("#cold-start code"),
    loaded: view.performance.getEntriesByType("resource").length,
    paper: view.getComputedStyle(page.body).backgroundColor, ink: view.getComputedStyle(page.body).color,
    text: parseFloat(view.getComputedStyle(page.querySelector("td")).fontSize),
  });
});
</script>
"""


@pytest.mark.skipif(not BROWSER, reason="no chromium on this machine")
@pytest.mark.parametrize(
    ("width", "dark"), exhaustive_after(2, [(1280, False), (400, True), (1280, True), (400, False)])
)
def test_the_page_is_readable(tmp_path: Path, width: int, *, dark: bool) -> None:
    seen_inside = with_bytecode(inspect(built(tmp_path / "plugin").artifact.file), "pkg/a.py")
    write_page(seen_inside, tmp_path / "page.html")
    (tmp_path / "probe.html").write_text(PROBE % width)
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--window-size=1500,1000", "--allow-file-access-from-files", "--virtual-time-budget=5000"]
    command += [f"--blink-settings=preferredColorScheme={0 if dark else 1}", "--dump-dom"]
    done = subprocess.run(
        [*command, f"file://{tmp_path}/probe.html"], capture_output=True, text=True, check=True, timeout=120
    )
    title = re.search("<title>(.*?)</title>", done.stdout)
    assert title is not None, done.stdout[:500]
    seen = json.loads(unescape(title[1]))
    shown, hidden = ("wide", "narrow") if width == 1280 else ("narrow", "wide")
    assert seen["overflow"] <= 0
    assert seen["loaded"] == 0
    assert seen[hidden] == [0, 0]
    assert seen[shown][0] > width * 0.85
    assert seen[shown][1] > 400
    assert seen["imports"][0] > width * 0.85
    assert min(seen["imports"][1], *seen["command"]) > 10
    assert seen["text"] >= 14
    brightness = {key: sum(map(int, re.findall(r"\d+", seen[key])[:3])) for key in ("paper", "ink")}
    assert abs(brightness["paper"] - brightness["ink"]) > 500
    assert (brightness["paper"] < brightness["ink"]) is dark

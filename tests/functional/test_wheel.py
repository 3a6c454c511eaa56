"""What a user installs: exactly these files, and nothing of the tests, templates or benchmarks."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_the_wheel_holds_the_two_packages_and_nothing_else(tmp_path: Path) -> None:
    options = ["-q", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(tmp_path)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(REPOSITORY)], check=True)
    wheel = next(tmp_path.glob("biot_plugin_kit-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        names = sorted(name for name in archive.namelist() if ".dist-info/" not in name)

    listed = (REPOSITORY / "tests" / "functional" / "wheel-files.txt").read_text("utf-8").splitlines()
    assert names == sorted(listed)

"""Console scripts that ``[build] scripts`` keeps: from wheels on disk to programs that start."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from builder.archive.reader import read_members
from builder.archive.writer import write_artifact
from builder.build_values import LockedPackage, Pack
from builder.bundle.assemble import assemble
from builder.errors import PackagingError
from builder.manifest.model import Build
from tests.support.plugins.small_bundles import manifest_of

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "tool/__init__.py": "",
    "tool/cli.py": "def main():\n    print('started')\n    return 3\n",
    "tool-1.0.dist-info/METADATA": "Name: tool\n",
    "tool-1.0.dist-info/entry_points.txt": "[console_scripts]\ntool = tool.cli:main\n",
    "tool-1.0.data/scripts/old-tool": "#!python -E\nprint('old')\n",
    "tool-1.0.data/scripts/binary": "\x7fELF and so on",
    "scripts/helper.py": "",
}


def wheel(folder: Path) -> Pack:
    file = folder / "tool-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, text in FILES.items():
            archive.writestr(path, text)
    package = LockedPackage(name="tool", version="1.0", digest="sha256:0")
    return Pack(package=package, file=file, members=read_members(file))


def unpacked(folder: Path, scripts: tuple[str, ...]) -> Path:
    manifest = manifest_of(Build(scripts=scripts))
    artifact = write_artifact(assemble(manifest, [], [wheel(folder)]), folder / "out.zip")
    root = folder / "task"
    with zipfile.ZipFile(artifact.file) as archive:
        archive.extractall(root)
    return root


def test_only_named_scripts_are_kept(tmp_path: Path) -> None:
    root = unpacked(tmp_path, ())
    assert not (root / "bin").exists()
    assert (root / "scripts/helper.py").exists()


def test_the_launcher_of_an_entry_point_finds_the_artifacts_modules(tmp_path: Path) -> None:
    root = unpacked(tmp_path, ("tool",))
    text = (root / "bin/tool").read_text()
    assert text.startswith("#!/var/lang/bin/python3.13\n")
    argv = [sys.executable, str(root / "bin/tool")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=tmp_path, env={"PATH": os.defpath})
    assert (done.returncode, done.stdout, done.stderr) == (3, "started\n", "")


def test_a_script_gets_lambdas_interpreter_and_a_program_stays_unchanged(tmp_path: Path) -> None:
    root = unpacked(tmp_path, ("old-tool", "binary"))
    assert (root / "bin/old-tool").read_text() == "#!/var/lang/bin/python3.13\nprint('old')\n"
    assert (root / "bin/binary").read_text() == FILES["tool-1.0.data/scripts/binary"]
    assert sorted(file.name for file in (root / "bin").iterdir()) == ["binary", "old-tool"]


def test_an_unknown_script_is_reported_with_the_available_ones(tmp_path: Path) -> None:
    with pytest.raises(PackagingError) as caught:
        assemble(manifest_of(Build(scripts=("toool",))), [], [wheel(tmp_path)])
    assert "binary, old-tool, tool" in caught.value.hint
    assert [problem.key for problem in caught.value.problems] == ["build.scripts"]

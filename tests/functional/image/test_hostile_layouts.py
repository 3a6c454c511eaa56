"""Damaged and malicious layouts: ``verify`` and ``inspect`` refuse each at once and write nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder import pipeline
from builder.errors import VerificationError
from builder.image.layout_reader import read_layout
from builder.progress import SilentProgress
from tests.support.images.forged_layouts import FORGERIES, SoundLayout, as_of_dockerfile, file_of, tar_of
from tests.support.images.image_plugin import image_plugin
from tests.support.repetitions import exhaustive_except

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[3]
SECONDS = 2.0
MEGABYTES = 256
SCRIPT = """
import json, re, sys, time
from pathlib import Path
from builder.errors import VerificationError
from builder.image.layout_reader import read_layout
slowest, accepted = 0.0, []
for folder in sorted(Path(sys.argv[1]).iterdir()):
    began = time.process_time()
    try:
        read_layout(folder / "sample-1.oci")
        accepted.append(folder.name)
    except VerificationError:
        pass
    slowest = max(slowest, time.process_time() - began)
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(json.dumps([slowest, int(peak[1]) / 1024, accepted]))
"""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoundLayout]:
    plugin = image_plugin(tmp_path_factory.mktemp("sound"))
    before = os.environ.get("BIOT_PLUGIN_STORE")
    os.environ["BIOT_PLUGIN_STORE"] = str(plugin.store)
    yield SoundLayout.of(pipeline.package(plugin.project, SilentProgress()).artifact.file)
    os.environ.pop("BIOT_PLUGIN_STORE") if before is None else os.environ.update(BIOT_PLUGIN_STORE=before)


def test_forging_without_a_change_writes_the_sound_layout(sound: SoundLayout, tmp_path: Path) -> None:
    """The forgeries below are refused for what they change: what writes them writes the sound layout otherwise."""
    sound.write(tmp_path / "sample-1.oci")
    written = {file.name: file.read_bytes() for file in (tmp_path / "sample-1.oci").rglob("*") if file.is_file()}
    assert written == {file.name: file.read_bytes() for file in sound.folder.rglob("*") if file.is_file()}
    assert read_layout(tmp_path / "sample-1.oci").artifact.tree_digest == read_layout(sound.folder).artifact.tree_digest


def test_a_layout_with_all_layers_and_without_a_base_is_read_as_that_of_a_dockerfile(
    sound: SoundLayout, tmp_path: Path
) -> None:
    """The forgeries of such layouts are refused for what they change, too."""
    as_of_dockerfile(tar_of(file_of("a.py")), tar_of(file_of("b.py")))(sound, tmp_path / "sample-1.oci")

    layout = read_layout(tmp_path / "sample-1.oci")

    assert layout.has_dockerfile
    assert [member.path for member in layout.members] == ["var/task/a.py", "var/task/b.py"]


@pytest.mark.parametrize("name", exhaustive_except(FORGERIES, lambda name: "bomb" not in name))
def test_it_is_refused_by_verify_and_inspect(name: str, sound: SoundLayout, tmp_path: Path) -> None:
    layout = tmp_path / "sample-1.oci"
    FORGERIES[name](sound, layout)
    before = sorted(tmp_path.rglob("*"))
    began = time.process_time()
    for read in (lambda: pipeline.inspect(layout), lambda: pipeline.verify(layout, None, SilentProgress())):
        with pytest.raises(VerificationError) as caught:
            read()
        assert "sample-1.oci" in caught.value.message
        assert "sample-1.report.json" not in caught.value.message, "the layout itself must be the reason"
        assert caught.value.hint
        assert len(caught.value.message) < 400
        assert "\u202e" not in caught.value.message
    assert time.process_time() - began < 2 * SECONDS
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.exhaustive
def test_all_of_them_need_little_memory_and_time(sound: SoundLayout, tmp_path: Path) -> None:
    assert len(FORGERIES) >= 60
    for number, forge in enumerate(FORGERIES.values()):
        (tmp_path / f"{number:03}").mkdir()
        forge(sound, tmp_path / f"{number:03}" / "sample-1.oci")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)], cwd=REPOSITORY, check=True, capture_output=True, text=True
    )
    slowest, megabytes, accepted = json.loads(done.stdout)
    assert accepted == []
    assert slowest < SECONDS
    assert megabytes < MEGABYTES

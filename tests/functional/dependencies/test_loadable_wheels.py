"""Wheels whose tag promises more than their code supports, with an index on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from builder.dependencies import Store, write_lock
from builder.natives.scan_cache import SUFFIX
from tests.support.archives.elf_files import elf
from tests.support.plugins.stage_inputs import RecordedProgress, plugin

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.package_registries import PythonIndex

pytestmark = pytest.mark.usefixtures("forked_pip")


NEWER = elf(versions={"libc.so.6": ["GLIBC_2.38"]})
FITS = elf(versions={"libc.so.6": ["GLIBC_2.17"]})
MODULE = "fit/_fit.cpython-313-x86_64-linux-gnu.so"


def test_another_wheel_of_the_version_is_used_if_the_best_tag_does_not_load(
    project: Path, store: Store, index: PythonIndex
) -> None:
    index.wheel("fit", "1.0", tag="cp313-cp313-manylinux_2_34_x86_64", files={MODULE: NEWER})
    good = index.wheel("fit", "1.0", tag="cp313-cp313-manylinux_2_17_x86_64", files={MODULE: FITS})
    (project / "requirements.in").write_text("fit\n")
    progress = RecordedProgress()

    write_lock(plugin(project, requirements="requirements.in"), store, progress)

    assert f"fit==1.0 --hash={good}" in (project / "requirements.lock").read_text()
    (note,) = progress.notes
    assert "fit-1.0-cp313-cp313-manylinux_2_17_x86_64.whl does and is used instead" in note
    assert len(list(store.folder.glob(f"packs/*/*{SUFFIX}"))) == 2


@pytest.mark.exhaustive
def test_a_version_without_a_loadable_wheel_is_noted_and_stays(project: Path, store: Store, index: PythonIndex) -> None:
    digest = index.wheel("fit", "1.0", tag="cp313-cp313-manylinux_2_34_x86_64", files={MODULE: NEWER})
    index.wheel("fit", "1.0", tag="cp312-cp312-manylinux_2_17_x86_64", files={MODULE: FITS})
    (project / "requirements.in").write_text("fit\n")
    progress = RecordedProgress()

    write_lock(plugin(project, requirements="requirements.in"), store, progress)

    assert f"fit==1.0 --hash={digest}" in (project / "requirements.lock").read_text()
    assert [note.split(";")[0] for note in progress.notes] == ["fit 1.0 needs GLIBC_2.38"]

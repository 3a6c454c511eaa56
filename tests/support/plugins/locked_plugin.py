"""A locked Python plugin with two packages, and a store that has them, so that builds need no index."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from builder.dependencies.lock.requirements import read_declared
from builder.dependencies.lock.requirements_lock import Pin, PythonLock, glibc_text, render_lock
from builder.dependencies.store.pack_store import Store
from builder.pipeline import Project
from tests.support.plugins.stage_inputs import plugin
from tests.support.servers.package_registries import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

MANIFEST = '[plugin]\nname = "sample"\ndisplayName = "Sample"\nversion = 1\nruntime = "python3.13"\n'
FILES = {
    "plugin.toml": MANIFEST,
    "pyproject.toml": '[project]\nname = "p"\nversion = "1"\ndependencies = ["one", "two"]\n',
    "src/index.py": "import one\nimport two\n\n\ndef handler(event, context):\n    return one.VERSION\n",
    "src/run.sh": "#!/bin/sh\necho running\n",
    "src/data/größe.txt": "groß\n" * 40,
    "src/data/empty.txt": "",
}
WHEELS = {
    ("one", "1.0"): {"one/deep/er.py": b"A = 1\n" * 90, "one/data.bin": bytes(range(256))},
    ("two", "2.5"): {"two/module.py": b"B = 2\n" * 60},
}


@dataclass(frozen=True, kw_only=True)
class LockedPlugin:
    """The folders of a locked plugin."""

    folder: Path
    store: Path

    @property
    def project(self) -> Project:
        return Project(start=self.folder, environment=None, today=date(2026, 11, 20))

    @property
    def lock(self) -> Path:
        return self.folder / "requirements.lock"


def locked_plugin(home: Path, wheels: Mapping[tuple[str, str], Mapping[str, bytes]] | None = None) -> LockedPlugin:
    """Write the plugin, its lock, and the store below ``home``; with other wheels, nothing imports them."""
    folder, store = home / "plugin", Store(home / "store")
    (folder / ".git").mkdir(parents=True)
    files_of_plugin = FILES if wheels is None else {**FILES, **_files_for(name for name, _ in wheels)}
    for path, text in files_of_plugin.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text.encode())
    pins = []
    for (name, version), files in (WHEELS if wheels is None else wheels).items():
        filename, data = make_wheel(name, version, files=files)
        with store.work_folder() as work:
            wheel = work / filename
            wheel.write_bytes(data)
            sha256 = hashlib.sha256(data).hexdigest()
            store.add(sha256, wheel)
        pins.append(Pin(name=name, version=version, digest=f"sha256:{sha256}", wheel=filename))
    manifest = plugin(folder)
    runtime = manifest.runtime
    lock = PythonLock(
        runtime=runtime.name, glibc=glibc_text(runtime), inputs=read_declared(manifest).digest, pins=tuple(pins)
    )
    (folder / "requirements.lock").write_text(render_lock(lock), "utf-8")
    return LockedPlugin(folder=folder, store=store.folder)


def _files_for(names: Iterable[str]) -> dict[str, str]:
    listed = ", ".join(f'"{name}"' for name in names)
    return {
        "pyproject.toml": f'[project]\nname = "p"\nversion = "1"\ndependencies = [{listed}]\n',
        "src/index.py": "def handler(event, context):\n    return None\n",
    }

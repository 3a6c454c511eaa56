"""The environments that must not change a build: a fixed, seeded list of combinations."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COUNT = 64
SEED = 20261120
UMASKS = (0o022, 0o077, 0o002, 0o000)
ZONES = ("UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati")
LOCALES = ("C", "C.utf8", "de_DE.utf8", "tr_TR.utf8", "ja_JP.utf8", "de_DE", "POSIX")
HASH_SEEDS = ("0", "1", "4294967295", "random")
FOLDERS = ("p", "with a space and ü", "a/very/deep/folder/below/others", "-dash")
TIMES = (0, 315_532_800, 1_000_000_000, 4_102_444_800)
"""1970, 1980 (the first day of a ZIP), 2001, 2100."""
PARALLEL = (1, 2, 5, 10)
DISORDER = ("as the disk gives it", "--sort-dirents=yes", "--reverse-dirents=yes", "--shuffle-dirents=yes")


@dataclass(frozen=True, kw_only=True)
class BuildEnvironment:
    """One combination.

    Attributes:
        python: Version of the host's Python that runs the kit, such as ``3.12``.
        umask: Of the build.
        zone: ``TZ``.
        locale: ``LC_ALL``.
        hash_seed: ``PYTHONHASHSEED``.
        folder: Where the plugins lie, below a folder of the environment.
        time: Modification time of every file, in seconds since 1970.
        parallel: How many builds run at the same time.
        listing: In which order folders list their files.
    """

    python: str
    umask: int
    zone: str
    locale: str
    hash_seed: str
    folder: str
    time: int
    parallel: int
    listing: str

    def variables(self, home: Path) -> dict[str, str]:
        """The whole environment of a build."""
        return {
            "PATH": os.environ["PATH"],
            "PYENV_ROOT": os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv")),  # `precompile` looks there
            "HOME": str(home),
            "TZ": self.zone,
            "LC_ALL": self.locale,
            "PYTHONHASHSEED": self.hash_seed,
        }


def environments(
    pythons: Sequence[str], locales: Sequence[str], listings: Sequence[str]
) -> tuple[BuildEnvironment, ...]:
    """``COUNT`` different combinations, with every value of every dimension equally often."""
    choices: dict[str, Sequence[object]] = {
        "python": pythons,
        "umask": UMASKS,
        "zone": ZONES,
        "locale": locales,
        "hash_seed": HASH_SEEDS,
        "folder": FOLDERS,
        "time": TIMES,
        "parallel": PARALLEL,
        "listing": listings,
    }
    random = Random(SEED)  # noqa: S311 - a fixed list, no secret
    columns = []
    for name in (one.name for one in fields(BuildEnvironment)):
        column = [choices[name][number % len(choices[name])] for number in range(COUNT)]
        random.shuffle(column)
        columns.append(column)
    found = tuple(BuildEnvironment(**dict(zip(choices, row, strict=True))) for row in zip(*columns, strict=True))
    if len(set(found)) != COUNT:
        message = "two environments are the same: choose another seed"
        raise ValueError(message)
    return found


def find_pythons() -> dict[str, Path]:
    """Every CPython from 3.11 on that is on the PATH, in pyenv or beside this one, by its version."""
    candidates = [Path(sys.executable)]
    candidates += [Path(found) for minor in range(11, 15) if (found := shutil.which(f"python3.{minor}"))]
    candidates += sorted(Path.home().glob(".pyenv/versions/3.*/bin/python"))
    candidates += sorted(Path.home().glob(".local/share/uv/python/cpython-3.*/bin/python"))
    pythons: dict[str, Path] = {}
    for candidate in candidates:
        script = "import sys; print('%d.%d' % sys.version_info[:2] if sys.version_info >= (3, 11) else '')"
        done = subprocess.run([candidate, "-c", script], capture_output=True, text=True, check=False)
        version = done.stdout.strip()
        if done.returncode == 0 and version:
            pythons.setdefault(version, candidate)
    return dict(sorted(pythons.items()))


def find_locales() -> tuple[str, ...]:
    """The ``LOCALES`` that this machine has; ``de_DE`` is ISO-8859-1."""
    done = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False)
    available = {*re.findall(r"^\S+$", done.stdout, re.MULTILINE), "C", "POSIX"}
    return tuple(locale for locale in LOCALES if locale in available)


def find_listings() -> tuple[str, ...]:
    """The available orders of listing; they need disorderfs, installed and mountable."""
    if shutil.which("disorderfs") is None:
        return DISORDER[:1]
    with tempfile.TemporaryDirectory() as folder:
        try:
            with disordered(Path(folder), DISORDER[1], Path(folder) / "mount"):
                return DISORDER
        except subprocess.CalledProcessError:
            return DISORDER[:1]


@contextmanager
def disordered(folder: Path, listing: str, mount: Path) -> Iterator[Path]:
    """The same folder with its files listed in another order."""
    if not listing.startswith("--"):
        yield folder
        return
    mount.mkdir(parents=True)
    subprocess.run(["disorderfs", "--quiet", listing, folder, mount], check=True, capture_output=True)
    try:
        yield mount
    finally:
        subprocess.run(["fusermount", "-u", mount], check=True)

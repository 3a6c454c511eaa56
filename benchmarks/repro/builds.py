"""Builds every plugin in every environment: each build is a separate process without files of an earlier one."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.repro.environments import BuildEnvironment, disordered
from benchmarks.repro.plugins import SAMPLES, SamplePlugin
from builder.image.layout_files import image_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

REPOSITORY = Path(__file__).parents[2]
DIFFERENT_PER_RUN = (".provenance.json", ".sha256")
"""Evidence with the time of the build, and the digests over it."""


@dataclass(frozen=True, kw_only=True)
class HostPython:
    """A Python of this machine with the kit installed, and a store that this Python filled.

    Attributes:
        version: Such as ``3.12``.
        python: Its program.
        store: The store.
        variables: What every build needs besides the environment that it is built in.
    """

    version: str
    python: Path
    store: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def kit(self) -> list[str | Path]:
        """The command line of the kit."""
        return [self.python, "-m", "builder"]

    def with_store(self, variables: Mapping[str, str]) -> dict[str, str]:
        """An environment whose packages come from this Python's store."""
        return {**variables, **self.variables, "BIOT_PLUGIN_STORE": str(self.store)}


@dataclass(frozen=True, kw_only=True)
class BuildResult:
    """The result of one build.

    Attributes:
        plugin: Its name.
        sha256: Of the ZIP, or of the manifest of an image; empty when the build failed.
        evidence_sha256: Of the report, the SBOM and the other files of evidence without the time of
            the build.
        failure: The output of a failed build; empty when it succeeded.
    """

    plugin: str
    sha256: str
    evidence_sha256: str
    failure: str


def install(pythons: Mapping[str, Path], scratch: Path) -> tuple[HostPython, ...]:
    """The kit as one wheel, with its locked dependencies, in a virtual environment of every Python."""
    uv: list[str | Path] = [sys.executable, "-m", "uv"]
    _run([*uv, "build", "--quiet", "--wheel", "--out-dir", scratch / "wheel", REPOSITORY])
    (wheel,) = (scratch / "wheel").glob("*.whl")
    hosts = []
    for version, python in pythons.items():
        venv = scratch / f"python{version}"
        _run([*uv, "venv", "--quiet", "--python", python, venv])
        pip = [*uv, "pip", "install", "--quiet", "--python", venv / "bin" / "python"]
        _run([*pip, "--require-hashes", "-r", REPOSITORY / "requirements" / "test.lock"])
        _run([*pip, "--no-deps", wheel])
        hosts.append(HostPython(version=version, python=venv / "bin" / "python", store=scratch / f"store{version}"))
    return tuple(hosts)


def prepare(hosts: Iterable[HostPython], origin: Path, samples: Sequence[SamplePlugin] = SAMPLES) -> list[BuildResult]:
    """Write and lock the plugins, then let every Python build them once with an empty store of its own."""
    every = tuple(hosts)
    folders = [sample.write(origin) for sample in samples]
    environment = every[0].with_store(os.environ)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        locked = [pool.submit(_run, [*every[0].kit, "lock", "-p", folder], environment) for folder in folders]
        for run in locked:
            run.result()
        shutil.rmtree(every[0].store)
        runs = [
            pool.submit(build, host, folder, origin.parent / f"cold{host.version}", host.with_store(os.environ))
            for host in every
            for folder in folders
        ]
        return [run.result() for run in runs]


def build_all(
    environment: BuildEnvironment,
    host: HostPython,
    origin: Path,
    home: Path,
    samples: Sequence[SamplePlugin] = SAMPLES,
) -> list[BuildResult]:
    """All plugins in one environment."""
    folder = home / environment.folder
    shutil.copytree(origin, folder, copy_function=shutil.copyfile)
    for path in sorted(folder.rglob("*")):
        path.chmod(0o777 & ~environment.umask)
        os.utime(path, (environment.time, environment.time))
    (home / "home").mkdir()
    variables = host.with_store(environment.variables(home / "home"))
    with (
        disordered(folder, environment.listing, home / "mount") as seen,
        ThreadPoolExecutor(environment.parallel) as pool,
    ):

        def one(sample: SamplePlugin) -> BuildResult:
            return build(host, seen / sample.name, home / "out", variables, environment.umask)

        found = list(pool.map(one, samples))
    shutil.rmtree(home)
    return found


def build(host: HostPython, folder: Path, output: Path, variables: Mapping[str, str], umask: int = -1) -> BuildResult:
    """One ``biot-plugin package`` as a process."""
    done = subprocess.run(
        [*host.kit, "package", "--output", output / folder.name],
        cwd=folder,
        env=dict(variables),
        umask=umask,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    name = folder.name
    if done.returncode:
        return BuildResult(plugin=name, sha256="", evidence_sha256="", failure=done.stderr)
    evidence = hashlib.sha256()
    for file in sorted((output / name).iterdir()):
        if file.is_file() and not file.name.endswith((".zip", *DIFFERENT_PER_RUN)):
            evidence.update(file.name.encode() + file.read_bytes())
    (artifact,) = (file for file in (output / name).iterdir() if file.name in {f"{name}-1.zip", f"{name}-1.oci"})
    sha256 = image_digest(artifact) if artifact.is_dir() else hashlib.sha256(artifact.read_bytes()).hexdigest()
    return BuildResult(plugin=name, sha256=sha256, evidence_sha256=evidence.hexdigest(), failure="")


def digests(
    built: Iterable[BuildResult], samples: Sequence[SamplePlugin] = SAMPLES
) -> dict[str, Counter[tuple[str, str]]]:
    """How often each pair of digests occurred, by plugin."""
    counts: dict[str, Counter[tuple[str, str]]] = {sample.name: Counter() for sample in samples}
    for one in built:
        counts[one.plugin][one.sha256, one.evidence_sha256] += 1
    return counts


def _run(argv: list[str | Path], environment: Mapping[str, str] | None = None) -> None:
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"{' '.join(map(str, argv))}\n{done.stdout}{done.stderr}"
        raise SystemExit(message)

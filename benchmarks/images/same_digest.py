"""Four image plugins in the environments of ``tox -e repro``: one digest each."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from benchmarks.images.engine.docker_machine import docker_machine
from benchmarks.images.section import Row, Section
from benchmarks.repro.builds import BuildResult, HostPython, build_all, digests, install, prepare
from benchmarks.repro.environments import COUNT, environments, find_listings, find_locales, find_pythons
from benchmarks.repro.plugins import ODDITIES, SamplePlugin
from builder import manifest as manifests
from builder.image.image_lock import write_image_lock
from builder.image.lambda_images import BASE_IMAGES
from tests.support.images.base_images import made_base

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from benchmarks.images.engine.docker_machine import DockerMachine
    from benchmarks.repro.environments import BuildEnvironment

ABOUT = f"""\
Each Python of the machine builds the plugins once with an empty store. Then they are built in the {COUNT} environments
of `tox -e repro`: combinations of Python, umask, time zone, locale, hash seed, folder, modification times, number of
simultaneous builds, and the order in which folders list their files. The plugin with a Dockerfile is built with an
empty store each time, by an engine that has forgotten every step."""
IMAGE = 'deploymentPackageType = "IMAGE"\n'
DOCKERFILE = 'FROM {base}\nCOPY src/ /var/task/\nCOPY common/ /opt/common/\nCMD ["index.handler"]\n'
_TODAY = date(2026, 11, 20)
_TAG = "biot-plugin-build/image-dockerfile:latest"


def packaged_samples() -> tuple[SamplePlugin, ...]:
    """The plugins that the kit builds without an engine."""
    return (
        SamplePlugin(
            name="image-numpy",
            about="Python with NumPy",
            runtime="python3.13",
            build=IMAGE,
            dependencies=("numpy",),
        ),
        SamplePlugin(
            name="image-python", about="plain Python, odd names", runtime="python3.13", build=IMAGE, files=ODDITIES
        ),
        SamplePlugin(
            name="image-node",
            about="JavaScript with axios and luxon",
            runtime="nodejs22.x",
            build=IMAGE,
            packages={"axios": "^1", "luxon": "^3"},
        ),
    )


def dockerfile_sample(base: str) -> SamplePlugin:
    """The plugin with a Dockerfile that only copies."""
    files = {**ODDITIES, "common/x.txt": "x\n", "common/run": "#!/bin/sh\n", "Dockerfile": DOCKERFILE.format(base=base)}
    return SamplePlugin(
        name="image-dockerfile",
        about="a Dockerfile that only copies",
        runtime="python3.13",
        build=f'{IMAGE}\n[build.image]\ndockerfile = "Dockerfile"\n',
        files=files,
    )


def measure(scratch: Path) -> Section:
    """Build everything everywhere."""
    hosts = install(find_pythons(), scratch)
    every = environments([host.version for host in hosts], find_locales(), find_listings())
    samples = packaged_samples()
    origin = scratch / "origin"
    for sample in samples:
        _lock_base(sample.write(origin), sample.runtime)
    built = prepare(hosts, origin, samples)
    built += _everywhere(every, hosts, origin, scratch, samples)
    rows = [_row(sample, built, samples) for sample in samples]
    with docker_machine(scratch / "machine") as machine:
        sample = dockerfile_sample(_push_base(machine, scratch))
        sample.write(scratch / "dockerfile-origin")
        by_engine = _by_engine(every, hosts, scratch, sample, machine)
    rows.append(_row(sample, by_engine, (sample,)))
    return Section(heading="Same digest", about=ABOUT, rows=tuple(rows))


def _lock_base(folder: Path, runtime: str) -> None:
    """Pin a base image that was made here: AWS's registry cannot be reached everywhere."""
    manifest = manifests.load(folder / "plugin.toml", environment=None, today=_TODAY).manifest
    write_image_lock(manifest, made_base(BASE_IMAGES[runtime]).image)


def _everywhere(
    every: Sequence[BuildEnvironment],
    hosts: Sequence[HostPython],
    origin: Path,
    scratch: Path,
    samples: Sequence[SamplePlugin],
) -> list[BuildResult]:
    by_version = {host.version: host for host in hosts}
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        runs = [
            pool.submit(build_all, one, by_version[one.python], origin, scratch / f"environment{number}", samples)
            for number, one in enumerate(every)
        ]
        return [built for run in runs for built in run.result()]


def _by_engine(
    every: Iterable[BuildEnvironment],
    hosts: Sequence[HostPython],
    scratch: Path,
    sample: SamplePlugin,
    machine: DockerMachine,
) -> list[BuildResult]:
    """One build after the other, each without anything of an earlier one."""
    by_version = {host.version: host for host in hosts}
    engine = {key: machine.environment[key] for key in ("DOCKER_HOST", "DOCKER_CONFIG")}
    found = []
    for number, one in enumerate(every):
        machine.forget(_TAG)
        host = replace(by_version[one.python], store=scratch / f"engine-store{number}", variables=engine)
        found += build_all(one, host, scratch / "dockerfile-origin", scratch / f"engine{number}", (sample,))
    return found


def _push_base(machine: DockerMachine, scratch: Path) -> str:
    """A base with nothing but Lambda's entrypoint, pinned by its digest."""
    context = scratch / "base"
    context.mkdir()
    (context / "lambda-entrypoint.sh").write_text("#!/bin/sh\n")
    text = 'FROM scratch\nCOPY lambda-entrypoint.sh /\nENTRYPOINT ["/lambda-entrypoint.sh"]\n'
    (context / "Dockerfile").write_text(text)
    name = f"{machine.registry}/lambda/python"
    machine.docker("build", "--quiet", "--tag", f"{name}:3.13", context)
    machine.docker("push", f"{name}:3.13")
    listed = machine.docker("images", "--digests", "--format", "{{.Digest}}", name).stdout.split()
    return f"{name}@{listed[0]}"


def _row(sample: SamplePlugin, built: Sequence[BuildResult], samples: Sequence[SamplePlugin]) -> Row:
    counts = digests(built, samples)[sample.name]
    images, evidence = ({pair[at] for pair in counts} for at in (0, 1))
    failed = [one.failure for one in built if one.plugin == sample.name and one.failure]
    print(*failed[:2], sep="\n", end="\n" if failed else "")
    figure = f"{len(images)} and {len(evidence)} in {counts.total()} builds"
    if failed:
        figure += f", {len(failed)} failed"
    return Row(
        what=f"{sample.about}: different images, and different evidence",
        bar="1 and 1",
        figure=figure,
        met=(len(images), len(evidence)) == (1, 1) and not failed,
    )

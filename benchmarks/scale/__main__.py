"""``tox -e scale``: one repository with many plugins, on one machine and on fleets, written to docs/scale.md."""

from __future__ import annotations

import argparse
import logging
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.scale import broken_fleets, fleets, one_machine, publish_runs
from benchmarks.scale.fleets import PackageServers
from benchmarks.scale.machines import operator_environment
from benchmarks.scale.packages import dependency_sets, publish_packages
from benchmarks.scale.repository import write_repository
from benchmarks.startup import machine_reference
from tests.support.servers.package_registries import NpmRegistry, PythonIndex, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.images.section import Section

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
PLUGINS = 1000
SIZES = (1, 2, 4, 8)
PANTS = """\
## Pants

According to [its documentation](https://www.pantsbuild.org/stable/docs/python/integrations/aws-lambda), Pants builds
the ZIP of a Python function from a `python_aws_lambda_function` target, finds the targets that a change touches with
`--changed-since`, and can keep results in a remote cache. It was not measured: the releases that have this target (2.18
and later) are distributed as executables on GitHub and were not available; the packages on PyPI end with 2.17.
"""
"""What another tool does for the same work, read on 2026-11-29."""
PARTS = ("one-machine", "publishing", "fleets", "faults")


def main() -> int:
    """Measure and print; a complete run is also written to the page. 1 when a bar is missed."""
    parser = argparse.ArgumentParser(prog="tox -e scale --", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="only these parts, printed and not written")
    parser.add_argument("--plugins", type=int, default=PLUGINS, help="how many")
    options = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # moto prints every request
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="biot-scale-", ignore_cleanup_errors=True) as folder:
        sections = list(measured(Path(folder), options.plugins, options.parts or PARTS))
    if not options.parts:
        lines = heading(options.plugins, time.monotonic() - start)
        lines += [line for section in sections for line in section.lines()]
        lines += PANTS.splitlines()
        PAGE.write_text("\n".join(lines).rstrip() + "\n", "utf-8")
    return 0 if all(row.met for section in sections for row in section.rows) else 1


def measured(scratch: Path, count: int, parts: list[str] | tuple[str, ...]) -> Iterator[Section]:
    """The parts of the page, each printed when it is done."""
    with served(PythonIndex()) as index, served(NpmRegistry()) as registry:
        publish_packages(index, registry)
        environment = operator_environment(scratch / "operator", index.url, registry.url)
        store = str(scratch / "locking")
        repository = write_repository(scratch / "repository", count, {**environment, "BIOT_PLUGIN_STORE": store})
        print(f"{count} plugins are written and locked", file=sys.stderr, flush=True)
        if "one-machine" in parts:
            yield printed(one_machine.measure(repository, scratch / "alone", environment))
        if "publishing" in parts:
            yield printed(publish_runs.measure(repository, scratch / "publishing", environment))
        if "fleets" in parts or "faults" in parts:
            servers = PackageServers(registries=(index, registry))
            sizes = SIZES if "fleets" in parts else SIZES[:1]
            section, expected = fleets.measure(repository, scratch / "fleets", environment, servers, sizes)
            yield printed(section)
            if "faults" in parts:
                yield printed(broken_fleets.measure(repository, scratch / "faults", environment, expected))


def printed(section: Section) -> Section:
    """Print a part."""
    print("\n".join(section.lines()), flush=True)
    return section


def heading(count: int, seconds: float) -> list[str]:
    """What was done, where, and how to repeat it."""
    machine = f"{os.cpu_count()} cores, {platform.system()}"
    return [
        "# One repository with many plugins",
        "",
        f"Written by `tox -e scale`; do not edit. This run: {machine}, {seconds:.0f} s.",
        "",
        machine_reference(5),
        "",
        f"The repository has {count} plugins, half of them Python and half Node.js, with {len(dependency_sets())}",
        "different sets of packages from an index and a registry on loopback, and one shared folder.",
        f"`tox -e scale` takes {PLUGINS} plugins; `tox -e scale -- --plugins 60` is a small run, in which what every",
        "machine does for itself outweighs the work that is divided.",
        "",
    ]


if __name__ == "__main__":
    raise SystemExit(main())

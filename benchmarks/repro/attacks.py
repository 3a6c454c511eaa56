"""Single changes to an artifact, hostile and damaged archives, killed builds: how many, and their results."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.support.archives.hostile_zips import damaged, hostile, judge
from tests.support.archives.mutations import mutations
from tests.support.archives.tampering import Bench, caught
from tests.support.machine.killed_builds import Victim, kill_points
from tests.support.plugins.locked_plugin import WHEELS, locked_plugin
from tests.support.servers.package_registries import NpmRegistry, PythonIndex, served

SEED = 20261120
CHANGES = 500
DAMAGED = 10_000
KILLED = 50
SECONDS_MAX = 2.0
MEMORY_MAX_MB = 128
REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class AttackResult:
    """One row of the page."""

    what: str
    figure: str
    met: bool


def single_changes(scratch: Path) -> AttackResult:
    """``verify --rebuild`` on an artifact, report or lock with one change."""
    plugin = locked_plugin(scratch / "changes")
    os.environ["BIOT_PLUGIN_STORE"] = str(plugin.store)
    bench = Bench.of(plugin)
    random = Random(SEED)  # noqa: S311 - chooses places, no secret
    missed = [
        changed.what for changed in mutations(bench.sound, random, CHANGES) if not caught(bench, changed).fits(changed)
    ]
    print(*missed, sep="\n", end="\n" if missed else "")
    what = (
        f"{CHANGES} single changes (bit flipped; file added, removed, changed; mode, extra field, order, compressor, "
    )
    what += "folder, comment, trailing byte, cut off; hash of the lock; field, key or byte of the report)"
    return AttackResult(what=what, figure=f"{CHANGES - len(missed)} caught", met=not missed)


def archives() -> AttackResult:
    """The strict reader, in a process whose memory is measured."""
    script = "from benchmarks.repro.attacks import judge_archives; judge_archives()"
    done = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    counts = json.loads(done.stdout)
    figure = (
        f"{counts['refused']} of {counts['hostile']} hostile refused; "
        f"{counts['accepted']} of {counts['damaged']} damaged read as zipfile reads them, the others refused; "
        f"{counts['wrong']} escapes or disagreements, 0 crashes; "
        f"slowest {counts['slowest']:.2f} s, peak {counts['memory']} MB"
    )
    met = counts["refused"] == counts["hostile"] >= 150 and not counts["wrong"]
    met = met and counts["slowest"] < SECONDS_MAX and counts["memory"] < MEMORY_MAX_MB
    return AttackResult(what="hostile and damaged ZIPs, each under 2 s and 128 MB", figure=figure, met=met)


def judge_archives() -> None:
    """Read every archive and print the results; an unexpected exception ends the process."""
    bad = [judge(data) for _, data in hostile()]
    random = Random(SEED)  # noqa: S311 - chooses places, no secret
    broken = [judge(data) for data in damaged(random, DAMAGED)]
    document = {
        "hostile": len(bad),
        "refused": sum(one.refused for one in bad),
        "damaged": len(broken),
        "accepted": sum(not one.refused for one in broken),
        "wrong": sum(one.escaped or one.disagreed for one in (*bad, *broken)),
        "slowest": max(one.seconds for one in (*bad, *broken)),
        "memory": peak_memory_mb(),
    }
    print(json.dumps(document))


def peak_memory_mb() -> int:
    """Of this process. ``getrusage`` would also count the parent that it was forked from."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) >> 10


def killed_builds(scratch: Path) -> AttackResult:
    """SIGKILL at different moments of cold builds; half of them download wheels, half npm packages."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(("PIP_", "UV_", "NPM_CONFIG_", "BIOT_")) and not name.lower().endswith("_proxy")
    }
    home = scratch / "home"
    home.mkdir()
    environment |= {"HOME": str(home), "PIP_CONFIG_FILE": os.devnull, "NPM_CONFIG_GLOBALCONFIG": str(home / "npmrc")}
    with served(PythonIndex()) as index:
        plugin = locked_plugin(scratch / "killed wheels")
        for (name, version), files in WHEELS.items():
            index.wheel(name, version, files=files)
        python = {**environment, "PIP_INDEX_URL": f"{index.url}/simple"}
        folder = scratch / "killed wheels"
        points = kill_points(Victim(folder=plugin.folder, environment=python, scratch=folder), KILLED // 2)
    with served(NpmRegistry()) as registry:
        folder = _node_plugin(scratch / "killed packages", registry)
        node = {**environment, "NPM_CONFIG_REGISTRY": f"{registry.url}/"}
        _lock(folder, node)
        victim = Victim(folder=folder, environment=node, scratch=folder.parent)
        points += kill_points(victim, KILLED - KILLED // 2)
    good = sum(one.whole and one.same for one in points)
    print(*(one for one in points if not (one.whole and one.same)), sep="\n")
    alive = sum(one.alive for one in points)
    figure = f"{good} of {len(points)} gave the same bytes when run again ({alive} were at work when killed)"
    return AttackResult(what=f"{KILLED} cold builds killed with SIGKILL", figure=figure, met=good == KILLED)


def _node_plugin(home: Path, registry: NpmRegistry) -> Path:
    folder = home / "plugin"
    (folder / "src").mkdir(parents=True)
    (folder / ".git").mkdir()
    manifest = '[plugin]\nname = "killed"\ndisplayName = "Killed"\nversion = 1\nruntime = "nodejs22.x"\n'
    (folder / "plugin.toml").write_text(manifest, "utf-8")
    (folder / "src" / "index.js").write_text("exports.handler = async () => null;\n", "utf-8")
    names = [f"package-{number}" for number in range(6)]
    for name in names:
        registry.package(name, "1.0.0", files={"big.js": b"export const a = 1;\n" * 2000})
    package = {"name": "killed", "version": "1.0.0", "dependencies": dict.fromkeys(names, "1.0.0")}
    (folder / "package.json").write_text(json.dumps(package), "utf-8")
    return folder


def _lock(folder: Path, environment: dict[str, str]) -> None:
    variables = {**environment, "PYTHONPATH": str(REPOSITORY), "BIOT_PLUGIN_STORE": str(folder.parent / "lock")}
    argv = [sys.executable, "-m", "builder", "lock", "-p", str(folder)]
    subprocess.run(argv, env=variables, check=True, capture_output=True)


def reprotest(kit: Path, plugin: Path, scratch: Path) -> AttackResult:
    """Debian's reprotest on one plugin without dependencies: it builds twice and varies everything that it can."""
    not_varied = ("user_group",) if os.geteuid() == 0 else ("user_group", "domain_host")  # these need other rights
    vary = "--vary=" + ",".join(("+all", *(f"-{one}" for one in not_varied)))
    what = f"`reprotest {vary}` (Debian) over py-plain"
    program = shutil.which("reprotest")
    if program is None:
        return AttackResult(
            what=what, figure="skipped: reprotest is not installed (`apt-get install reprotest`)", met=True
        )
    source = scratch / "reprotest"
    shutil.copytree(plugin, source)
    shutil.rmtree(source / "dist", ignore_errors=True)
    command = f"BIOT_PLUGIN_STORE=/tmp {kit} -m builder package --output out"
    done = subprocess.run(
        [program, "--no-diffoscope", vary, "-c", command, ".", "out/*.zip"],
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    same = done.returncode == 0 and "Reproduction successful" in done.stdout
    print(done.stdout[-2000:] + done.stderr[-4000:] if not same else "", end="")
    return AttackResult(what=what, figure="the same bytes" if same else "not the same bytes", met=same)

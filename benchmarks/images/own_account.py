"""A plugin on one's own account, as its README deploys it: container, Compose, Caddy, and a BioT that calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copier import run_copy

from benchmarks.images.engine.docker_machine import docker_machine, inside, network_namespace
from benchmarks.images.engine.slim_bases import import_slim_bases
from benchmarks.images.kit_commands import KIT
from benchmarks.images.section import Row, Section
from tests.support.sandbox.sandbox_command import started_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.images.engine.docker_machine import DockerMachine

REPOSITORY = Path(__file__).parents[2]
ABOUT = """\
The template's Dockerfile and compose file in a network of their own, with a real engine, Compose and Caddy. Docker Hub
could not be reached, so Debian with this machine's Python, Node.js and Caddy stand in for the base images. The domain
is `localhost`, for which Caddy has a certificate authority of its own, and a local BioT calls `https://localhost/`."""
BIOT_PORT = 18080
BIOT = f"http://127.0.0.1:{BIOT_PORT}"
"""Without https, a plugin accepts only this. Rules lead the container from it to an address for documentation
(RFC 5737), and from there to the local BioT."""
PASSAGE = "192.0.2.1"
SECONDS_OF_CALLS, CALLERS = 25, 4
STOP_SECONDS = 45
"""``stop_grace_period`` of the compose file: later, Docker kills the plugin."""
CALLS = """\
import collections, http.client, json, ssl, sys, threading, time

authority, end = ssl.create_default_context(cafile=sys.argv[1]), time.monotonic() + float(sys.argv[2])
results, slowest = collections.Counter(), 0.0


def call():
    global slowest
    connection = None
    while time.monotonic() < end:
        connection = connection or http.client.HTTPSConnection("localhost", context=authority, timeout=60)
        begin = time.monotonic()
        try:
            connection.request("POST", "/", body=b"{}")
            response = connection.getresponse()
            response.read()
            results[str(response.status)] += 1
        except Exception as error:
            results[type(error).__name__] += 1
            connection = None
        slowest = max(slowest, time.monotonic() - begin)


threads = [threading.Thread(target=call) for _ in range(int(sys.argv[3]))]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(json.dumps({"results": results, "slowest": slowest}))
"""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A plugin's deployment, which is up.

    Attributes:
        machine: The engine.
        folder: The plugin.
        environment: Of commands: the engine, the state folder and Caddy's certificate authority.
        namespace: The network.
    """

    machine: DockerMachine
    folder: Path
    environment: Mapping[str, str]
    namespace: str

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the network and the plugin's folder."""
        complete = [*inside(self.namespace), *command]
        return subprocess.run(
            complete, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )

    def kit(self, *words: str) -> dict[str, Any]:
        """What a command of the kit prints with ``--json``."""
        done = self.run(*KIT, *words, "--json")
        try:
            document: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            return {"output": f"{done.stdout}{done.stderr}"[-1000:]}
        return document

    def compose(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run Compose with the plugin's file."""
        return self.run("docker-compose", "--file", "deploy/compose.yaml", *words)

    def container(self, service: str) -> str:
        """The id of a service's container."""
        return self.compose("ps", "--quiet", service).stdout.strip()


def measure(scratch: Path) -> Section:
    """Build both languages with the host's network, and deploy each in a network of its own."""
    plugins = {"Python": _plugin(scratch, "python"), "JavaScript": _plugin(scratch, "javascript")}
    with docker_machine(scratch / "machine") as machine:
        import_slim_bases(machine, scratch)
        rows = [_build(machine, language, folder) for language, folder in plugins.items()]
    with (
        network_namespace(f"biot-own-{os.getpid()}") as namespace,
        docker_machine(scratch / "machine", namespace) as machine,
    ):
        _lead_to_biot(f"/var/run/netns/{namespace}", "PREROUTING", PASSAGE, "127.0.0.1")
        for language, folder in plugins.items():
            with _deployed(machine, folder, namespace, scratch / f"state-{folder.name}") as deployment:
                rows += [_calls(deployment, language), _doctor(deployment, language), _restart(deployment, language)]
                rows += [_confined(deployment, language), _stop(deployment, language)]
    return Section(heading="A plugin on one's own account", about=ABOUT, rows=tuple(rows))


def _plugin(scratch: Path, language: str) -> Path:
    """A plugin as the template generates it, with what its README says to fill in."""
    folder = scratch / f"my-{language}"
    answers = {"language": language, "hosting": "own", "plugin_name": folder.name}
    run_copy(str(REPOSITORY), folder, answers, defaults=True, quiet=True, vcs_ref="HEAD")
    manifest = folder / "plugin.toml"
    text = manifest.read_text("utf-8")
    manifest.write_text(text.replace("http://127.0.0.1:8080/", "https://localhost/"), "utf-8")
    variables = (folder / "deploy/env.example").read_text("utf-8")
    for example, value in (("plugin.example.com", "localhost"), ("https://api.staging.example.com", BIOT)):
        variables = variables.replace(f"={example}\n", f"={value}\n")
    (folder / "deploy/.env").write_text(variables, "utf-8")
    secret = folder / "deploy/biot-secret-key.txt"
    secret.write_text("not needed by the sample\n")
    os.chown(secret, 10001, -1)
    secret.chmod(0o400)
    return folder


def _build(machine: DockerMachine, language: str, folder: Path) -> Row:
    """Build the image, and give it the name under which Compose looks for it."""
    name = f"{folder.name}_plugin"
    file = folder / "deploy/Dockerfile"
    arguments = ["build", "--network=host", f"--file={file}", f"--tag={name}", str(folder)]
    machine.environment["DOCKER_BUILDKIT"] = "1"  # only BuildKit reads deploy/Dockerfile.dockerignore
    done = machine.docker(*arguments, check=False)
    warnings = [line for line in done.stderr.splitlines() if "warning" in line.lower() or "notice" in line.lower()]
    print(done.stderr[-2000:] if done.returncode else "", *warnings, sep="\n")
    listing = ["run", "--rm", "--network=host", "--entrypoint=ls", name, "/app"]
    listed = set(machine.docker(*listing, check=False).stdout.split())
    packages = {"node_modules", "package.json", "package-lock.json"} if language == "JavaScript" else set()
    wanted = {"server", "src", *packages}
    met = done.returncode == 0 and not warnings and listed == wanted
    figure = "no warning" if met else f"{warnings} {sorted(listed)}"
    return Row(
        what=f"{language}: `docker build` of deploy/Dockerfile; only the plugin, its packages and the server are in it",
        bar="no warning",
        figure=figure,
        met=met,
    )


def _lead_to_biot(network: str, chain: str, source: str, target: str) -> None:
    """Send what goes to one address to another one, in the network at this path."""
    setting = ["sysctl", "--quiet", "--write", "net.ipv4.conf.all.route_localnet=1"]
    rule = ["iptables", "--table", "nat", "--append", chain, "--destination", source, "--protocol", "tcp"]
    rule += ["--destination-port", str(BIOT_PORT), "--jump", "DNAT", "--to-destination", target]
    replies = [
        "iptables",
        "--table",
        "nat",
        "--append",
        "POSTROUTING",
        "--destination",
        PASSAGE,
        "--jump",
        "MASQUERADE",
    ]
    for command in (setting, rule, replies):
        subprocess.run(["nsenter", f"--net={network}", *command], check=True)


@contextmanager
def _deployed(machine: DockerMachine, folder: Path, namespace: str, state: Path) -> Iterator[Deployment]:
    """The deployment, a local BioT, and the plugin's subscriptions there."""
    authority = state.with_suffix(".crt")
    environment = {**machine.environment, "BIOT_PLUGIN_STATE": str(state), "SSL_CERT_FILE": str(authority)}
    environment |= {"PYTHONPATH": str(REPOSITORY), "NO_COLOR": "1"}
    deployment = Deployment(machine=machine, folder=folder, environment=environment, namespace=namespace)
    try:
        up = deployment.compose("up", "--detach", "--no-build")
        if up.returncode:
            raise SystemExit(up.stdout + up.stderr)
        _save_authority(deployment, authority)
        process = machine.docker("inspect", "--format={{.State.Pid}}", deployment.container("plugin")).stdout.strip()
        _lead_to_biot(f"/proc/{process}/ns/net", "OUTPUT", "127.0.0.1", PASSAGE)
        sandbox = [*inside(namespace), *KIT, "sandbox", "--port", str(BIOT_PORT)]
        with started_sandbox(sandbox, environment):
            yield deployment
    finally:
        deployment.compose("down", "--volumes")


def _save_authority(deployment: Deployment, file: Path) -> None:
    """Wait for Caddy, and copy the certificate of its authority."""
    path = f"{deployment.container('caddy')}:/data/caddy/pki/authorities/local/root.crt"
    end = time.monotonic() + 30
    while deployment.machine.docker("cp", path, file, check=False).returncode:
        if time.monotonic() > end:
            raise SystemExit(deployment.compose("logs", "caddy").stdout[-2000:])
        time.sleep(0.2)


def _calls(deployment: Deployment, language: str) -> Row:
    published = deployment.kit("publish", "-e", "local")
    chain = deployment.kit("trigger", "patient", "_create")
    calls = [step for step in chain.get("chain", {}).get("steps", []) if step.get("response")]
    steps = [(step["name"], step["response"]["status"]) for step in calls]
    hooks = {name for name, status in steps if status == 200}
    met = published.get("verdict") == "done" and hooks >= {"PRE_REQUEST", "POST_REQUEST", "NOTIFICATION"}
    if not met:
        print(published.get("verdict"), steps, deployment.compose("logs", "plugin").stdout[-2000:])
    return Row(
        what=f"{language}: `publish -e local`, then BioT calls the hooks at https://localhost/",
        bar="all answer 200",
        figure="all answer 200" if met else str(steps),
        met=met,
    )


def _doctor(deployment: Deployment, language: str) -> Row:
    checks = deployment.kit("doctor", "-e", "local").get("checks", [])
    said = [check["message"] for check in checks if check["name"] == "endpoint"]
    wanted = ["It answers at https://localhost/.", "It refuses a forged token, and has BioT's public key."]
    figure = "answers, refuses, has the key" if said == wanted else str(said)
    return Row(
        what=f"{language}: `doctor -e local` through Caddy",
        bar="answers, refuses, has the key",
        figure=figure,
        met=said == wanted,
    )


def _restart(deployment: Deployment, language: str) -> Row:
    """Restart the only server while clients call without a pause."""
    arguments = [str(deployment.environment["SSL_CERT_FILE"]), str(SECONDS_OF_CALLS), str(CALLERS)]
    command = [*inside(deployment.namespace), sys.executable, "-c", CALLS, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as calls:
        time.sleep(3)
        deployment.compose("restart", "plugin")
        output, _ = calls.communicate()
    document = json.loads(output)
    results: Counter[str] = Counter(document["results"])
    lost = results.total() - results["401"]
    return Row(
        what=f"{language}: {CALLERS} clients call while `docker compose restart plugin` runs: calls that got no answer",
        bar="0",
        figure=f"{lost} of {results.total():,}; the slowest took {document['slowest']:.1f} s",
        met=lost == 0 and results["401"] > 100,
    )


def _confined(deployment: Deployment, language: str) -> Row:
    """What somebody who takes over the process could do."""
    probe = "id -u; touch /app/x 2>&1; grep -E 'CapEff|NoNewPrivs' /proc/1/status; env | grep -c SECRET_KEY="
    shown = deployment.machine.docker("exec", deployment.container("plugin"), "sh", "-c", probe, check=False).stdout
    facts = ("10001\n", "Read-only file system", "CapEff:\t0000000000000000", "NoNewPrivs:\t1")
    met = all(fact in shown for fact in facts) and shown.endswith("\n0\n")
    return Row(
        what=f"{language}: user, file system, capabilities and the secret key in the environment, from inside",
        bar="10001, read-only, none, not there",
        figure="10001, read-only, none, not there" if met else repr(shown),
        met=met,
    )


def _stop(deployment: Deployment, language: str) -> Row:
    container = deployment.container("plugin")
    begin = time.monotonic()
    deployment.compose("stop", "plugin")
    seconds = time.monotonic() - begin
    code = deployment.machine.docker("inspect", "--format={{.State.ExitCode}}", container).stdout.strip()
    return Row(
        what=f"{language}: `docker compose stop plugin`",
        bar=f"exit code 0 within {STOP_SECONDS} s",
        figure=f"exit code {code} after {seconds:.0f} s",
        met=code == "0" and seconds < STOP_SECONDS,
    )

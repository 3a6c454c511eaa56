"""Generated plugins and BioT's samples on a local BioT: real API calls that go through all of them.

Every plugin is published as its author does it, and all of them are called around the same API call. The samples that
do something of their own are also judged by what they have done: an alert, or a value of a patient.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from benchmarks.functions.bars import Bar
from benchmarks.functions.called_plugins import REPOSITORY
from builder.publishing.clock import SystemClock
from builder.publishing.remote.local_service import open_local_service
from builder.publishing.state_folder import find_state_folder, read_local_biot
from sandbox.entities.seed_data import seed_id
from sandbox.entities.templates.seed_templates import default_template_id, default_template_name
from sandbox.ums.accounts import ORGANIZATION
from tests.support.plugins.running_adherence import SESSION_END
from tests.support.plugins.running_alerts import measurement
from tests.support.sandbox.sandbox_command import started_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

PATIENTS = "/organization/v1/users/patients"
SESSIONS = "/device/v1/devices/synthetic-device-1/usage-sessions"
EVERY_HOOK = ("PRE_REQUEST", "ADAPT_ENTITY", "POST_REQUEST", "NOTIFICATION")
_SCHEDULE = '# cronSchedule = "0 2 * * ? *"'
_OK = range(200, 300)


@dataclass
class Results:
    """The calls that answered, and what was wrong with the others."""

    answered: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, what: str, status: object) -> None:
        """Count a call by the status of its answer."""
        if isinstance(status, int) and status in _OK:
            self.answered += 1
        else:
            self.problems.append(f"{what}: {status}")

    def require(self, what: str, *, true: bool) -> None:
        """Count an effect that must be there."""
        if not true:
            self.problems.append(what)


@dataclass(frozen=True, kw_only=True)
class LocalBiot:
    """A running local BioT and how to reach it."""

    environ: Mapping[str, str]
    http: httpx.Client

    def trigger(self, path: str, request: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON
        """Ask for something that calls plugins, and return the chain."""
        with open_local_service(self.environ, SystemClock()) as local:
            answer = local.post(path, request)
        return answer.get("chain", answer)

    def search(self, path: str, query: Mapping[str, object]) -> list[dict[str, Any]]:
        """Return the entities that a search finds."""
        found: dict[str, Any] = self.http.get(path, params={"searchRequest": json.dumps(query)}).json()
        return list(found["data"])


def every_chain(plugins: Sequence[Path], samples: Mapping[str, Path], scratch: Path, variables: dict[str, str]) -> Bar:
    """Call every hook of every plugin through an API call, a schedule or a direct call.

    Args:
        plugins: Plugins that subscribe to every hook.
        samples: BioT's samples with one hook each, by the name of the plugin.
        scratch: For the data of the local BioT.
        variables: Environment variables of the kit's commands.
    """
    results = Results()
    with _local_biot({**os.environ, **variables, "BIOT_PLUGIN_STATE": str(scratch / "chains")}) as biot:
        names = [_publish(folder, biot.environ) for folder in (*plugins, *samples.values())]
        _patient_is_created(biot, names[: len(plugins)], results)
        for name in names[: len(plugins)]:
            chain = biot.trigger("/schedules/run", {"pluginName": name, "time": ""})
            _add_steps(results, chain, {(None, f"Plugin-{name}")})
        for name in (*names[: len(plugins)], "adherence-alert"):
            results.add(f"{name}, called directly", biot.http.post(f"/run/Plugin-{name}/", json={}).status_code)
        _session_ends(biot, results)
        _measurements_are_saved(biot, results)
    print(*results.problems, sep="\n", end="\n" if results.problems else "")
    return Bar(
        what="generated plugins and BioT's four samples, rebuilt: every hook, unchanged, through the chain",
        bar="all answer, and the samples have done their work",
        figure=f"{results.answered} calls answered" + "".join(f"; {problem}" for problem in results.problems),
        met=not results.problems,
    )


def _patient_is_created(biot: LocalBiot, names: Sequence[str], results: Results) -> None:
    body = {
        "_name": {"firstName": "Synthetic", "lastName": "Patient"},
        "_email": "synthetic.patient@example.com",
        "_templateId": default_template_id("patient"),
        "_ownerOrganization": {"id": ORGANIZATION},
    }
    chain = biot.trigger("/trigger", {"call": f"POST{PATIENTS}", "body": body})
    _add_steps(results, chain, {(hook, f"Plugin-{name}") for hook in EVERY_HOOK for name in names})
    results.add("the API call", chain["response"]["status"])
    patient = chain["response"]["body"]
    changed = patient.get("_changed") is True and patient["_name"]["firstName"] == "Changed"
    results.require(f"the seeds have not changed the patient: {patient}", true=changed)


def _session_ends(biot: LocalBiot, results: Results) -> None:
    """last_session_tracker writes the end of the session to the patient."""
    patient = seed_id("patient", 1)
    body = {"_startTime": SESSION_END, "_state": "ACTIVE", "_patient": {"id": patient}}
    kind = default_template_name("usage-session")
    started = biot.http.post(f"{SESSIONS}/usage-type/{kind}", json=body)
    results.require(f"no session was started: {started.text}", true=started.status_code in _OK)
    path = f"{SESSIONS}/{started.json().get('_id')}"
    ended = {"_state": "DONE", "_endTime": SESSION_END, "_summary": {"_stopReasonCode": "COMPLETION"}}
    chain = biot.trigger("/trigger", {"call": f"PATCH{path}", "body": ended})
    _add_steps(results, chain, {("NOTIFICATION", "Plugin-last-session-tracker")})
    found = biot.http.get(f"{PATIENTS}/{patient}").json()
    last = found.get("last_session_time")
    results.require(f"the patient's last session is {last}: {chain['response']}", true=last == SESSION_END)


def _measurements_are_saved(biot: LocalBiot, results: Results) -> None:
    """The alerts sample raises an alert above the critical threshold, and clears it below the other one."""
    patient = seed_id("patient", 2)
    for heart_rate, state in ((170, "ACTIVE"), (130, "ACTIVE"), (90, "CLEARED")):
        wanted = {"entityTypeName": "patient", "actionName": "_saveMeasurement"}
        chain = biot.trigger("/trigger", {**wanted, "values": measurement(patient, heart_rate)})
        _add_steps(results, chain, {("NOTIFICATION", "Plugin-alerts")})
        alerts = biot.search(f"{PATIENTS}/alerts", {"filter": {"_patient.id": {"eq": patient}}})
        states = [one["_state"] for one in alerts]
        results.require(f"after a heart rate of {heart_rate} the alerts are {states}", true=states == [state])


def _add_steps(results: Results, chain: Mapping[str, Any], expected: set[tuple[str | None, str]]) -> None:
    """Count the calls of plugins in a chain; expected ones that are missing are problems."""
    seen = set()
    for step in chain["steps"]:
        if str(step["listener"]).startswith("Plugin-"):
            seen |= {(step["name"], step["listener"]), (None, step["listener"])}
            results.add(f"{step['listener']} {step['name']}", (step["response"] or {}).get("status"))
    for hook, listener in expected - seen:
        results.problems.append(f"{listener} was not called for {hook or 'its schedule'}")


def _publish(folder: Path, environ: Mapping[str, str]) -> str:
    """Publish a plugin and enable it, with the schedule that plugin.toml of a generated one has as an example."""
    manifest = folder / "plugin.toml"
    text = manifest.read_text("utf-8")
    if _SCHEDULE in text:
        manifest.write_text(text.replace(_SCHEDULE, _SCHEDULE.removeprefix("# ")), "utf-8")
    published = json.loads(_kit(environ, "publish", "--project", str(folder), "-e", "local", "--json"))
    name = str(published["plugin"]).removeprefix("Plugin-")
    _kit(environ, "enable", name, "-e", "local")
    return name


@contextmanager
def _local_biot(environ: Mapping[str, str]) -> Iterator[LocalBiot]:
    argv = [sys.executable, "-m", "builder", "sandbox", "--port", "0", "--any-python"]
    with started_sandbox(argv, {**environ, "PYTHONPATH": str(REPOSITORY)}):
        local = read_local_biot(find_state_folder(environ))
        assert local is not None
        with httpx.Client(base_url=local.base_url, trust_env=False, timeout=60) as http:
            body = {"id": local.service_user_id, "secretKey": local.service_user_secret_key.reveal()}
            token: str = http.post("/ums/v2/services/accessToken", json=body).json()["accessToken"]
            http.headers["authorization"] = f"Bearer {token}"
            yield LocalBiot(environ=environ, http=http)


def _kit(environ: Mapping[str, str], *arguments: str) -> str:
    argv = [sys.executable, "-m", "builder", *arguments]
    done = subprocess.run(argv, cwd=REPOSITORY, env=dict(environ), capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"{' '.join(arguments)} failed with {done.returncode}: {done.stdout}{done.stderr}"
        raise RuntimeError(message)
    return done.stdout

"""``biot-plugin invoke``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from builder.cli.options import json_option, project_of, project_options, store_option
from builder.cli.output import print_document, print_lines, print_problems, print_to_stderr
from builder.cli.printing.invoke_output import describe_outcomes, outcome_lines, timing_lines
from builder.cli.progress_bar import TerminalProgress
from builder.errors import SandboxError

if TYPE_CHECKING:
    from builder.manifest.model import Manifest
    from sandbox.direct_calls.call_outcome import CallOutcome
    from sandbox.direct_calls.local_function import LocalCode
    from sandbox.event_files.event_reading import CallEvent


@click.command(
    short_help="Call the packaged plugin here, as Lambda calls it.",
    epilog="""\b
Examples:
  biot-plugin invoke                          every event in events/
  biot-plugin invoke interceptor_pre          one hook
  biot-plugin invoke notification --data '{"_id": "1"}'   about this entity
  biot-plugin invoke --event saved.json       any event
  biot-plugin invoke cron --repeat 20         the same call again; its times
  biot-plugin invoke --artifact dist/my-plugin-1.oci   the code of an image

\b
The hooks: notification, interceptor_pre, interceptor_post,
interceptor_post_entity, http (a direct call) and cron. Files in events/ with
other names can be called too. <token> in an event becomes a signed token.

\b
The exit code is 9 if the plugin failed. A refusal (status 4xx) is an answer.
""",
)
@click.argument("hook", required=False)
@click.option(
    "event_file",
    "--event",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSON file with the event. <token> in it becomes a signed token.",
)
@click.option("data", "--data", metavar="JSON", help="Replaces the body, or the entity, that the event is about.")
@click.option(
    "artifact",
    "--artifact",
    type=click.Path(exists=True, path_type=Path),
    help="Call this ZIP, or the image in this OCI layout, instead of building.",
)
@click.option("repeat", "--repeat", type=click.IntRange(1, 10_000), default=1, metavar="N", help="Call it N times.")
@click.option("any_python", "--any-python", is_flag=True, help="Use the nearest Python if the right one is missing.")
@project_options
@store_option
@json_option
def command(  # noqa: PLR0913 - one parameter per option of the command line
    *,
    hook: str | None,
    event_file: Path | None,
    data: str | None,
    artifact: Path | None,
    repeat: int,
    any_python: bool,
    folder: Path,
    environment: str | None,
    as_json: bool,
) -> int:
    """Call the packaged plugin on this machine, as Lambda calls it.

    The command packages the plugin if something changed, starts the ZIP with Lambda's own runtime client and limits,
    and calls it with an event. It needs no running local BioT: public key, log-in and signed token come with it. It
    shows the answer, what the answer changed, the plugin's log, and a line like Lambda's REPORT.

    The code of an image runs without its base image: Python or Node.js of this machine stands in, and the output says
    so.
    """
    if hook and event_file:
        message = "HOOK and --event both name the event. Use only one of them."
        raise click.UsageError(message)
    plugin = _given(folder, environment, artifact) if artifact else _package(folder, environment, quiet=as_json)
    events = _events(plugin.manifest, hook, event_file, data)
    from sandbox.direct_calls.temporary_biot import temporary_biot
    from sandbox.functions.service import ServiceSettings, default_cache

    outcomes: list[CallOutcome] = []
    with temporary_biot(ServiceSettings(cache=default_cache(), any_python=any_python)) as biot:
        function = biot.function(plugin.manifest.plugin, plugin.code)
        for event in events:
            calls = [biot.call(function, event) for _ in range(repeat)]
            outcomes += calls
            if not as_json:
                print_lines([*outcome_lines(calls[-1], first=event is events[0]), *timing_lines(calls)])
    if as_json:
        print_document(describe_outcomes(outcomes))
    failed = sum(outcome.failed for outcome in outcomes)
    if failed and not as_json:
        print_to_stderr(f"The plugin failed in {failed} of {len(outcomes)} calls.")
    return SandboxError.exit_code if failed else 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Packaged:
    """The plugin to call."""

    manifest: Manifest
    code: LocalCode


def _package(folder: Path, environment: str | None, *, quiet: bool) -> _Packaged:
    """Package the plugin if something has changed."""
    from builder import manifest as manifests
    from builder import pipeline
    from sandbox.direct_calls.local_function import LocalCode, code_of

    project = project_of(folder, environment)
    file = manifests.find_manifest(project.start)
    loaded = manifests.load(file, environment=project.environment, today=project.today)
    progress = TerminalProgress(quiet=quiet)
    try:
        packaged = pipeline.package(project, progress, loaded=loaded)
    finally:
        progress.close()
    if not quiet:
        print_problems(packaged.warnings)
    artifact = packaged.artifact
    image = artifact.file.is_dir()
    code = code_of(artifact.file) if image else LocalCode(artifact=artifact.file, sha256=artifact.sha256)
    return _Packaged(manifest=loaded.manifest, code=code)


def _given(folder: Path, environment: str | None, artifact: Path) -> _Packaged:
    """The settings of plugin.toml with an artifact that exists."""
    from builder import manifest as manifests
    from sandbox.direct_calls.local_function import code_of

    project = project_of(folder, environment)
    file = manifests.find_manifest(project.start)
    loaded = manifests.load(file, environment=project.environment, today=project.today)
    return _Packaged(manifest=loaded.manifest, code=code_of(artifact.absolute()))


def _events(manifest: Manifest, hook: str | None, file: Path | None, data: str | None) -> tuple[CallEvent, ...]:
    from sandbox.direct_calls.call_events import plugin_events, with_data
    from sandbox.event_files.event_reading import read_event

    events = (read_event(file),) if file else plugin_events(manifest.folder / "events", hook, _subscribed(manifest))
    if data is None:
        return events
    if len(events) > 1:
        message = "--data is for one event: name a hook or use --event."
        raise click.UsageError(message)
    try:
        value = json.loads(data)
    except ValueError as error:
        message = f"The value of --data is not valid JSON: {error}."
        raise click.UsageError(message) from error
    return (with_data(events[0], value),)


def _subscribed(manifest: Manifest) -> list[str]:
    """The hooks that plugin.toml names, once each."""
    from builder.handler.hook_check import HOOKS

    subscriptions = manifest.plugin.subscriptions
    kinds = [interception.type.value for interception in subscriptions.interceptions]
    hooks = [HOOKS[kind] for kind in dict.fromkeys(kinds)]
    hooks += ["notification"] if subscriptions.notifications else []
    return [*hooks, *(["cron"] if manifest.plugin.cron_schedule else [])]

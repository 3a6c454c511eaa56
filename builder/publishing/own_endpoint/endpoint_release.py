"""plan() and publish() of a plugin on one's own account: nothing is built, and its endpoint is subscribed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from builder.manifest.environments import LOCAL
from builder.network.certificates import is_loopback
from builder.publishing.access.connection import open_client, resolve_target
from builder.publishing.failures import NotPossible
from builder.publishing.own_endpoint.endpoint_run import EndpointRun
from builder.publishing.remote.fetched_catalog import check_subscriptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from builder.manifest import Manifest
    from builder.publishing.api_values import TargetEnvironment
    from builder.publishing.own_endpoint.endpoint_plan import EndpointPlan
    from builder.publishing.own_endpoint.endpoint_run import EndpointContext
    from builder.publishing.records.outcome import PublishOutcome


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedEndpoint:
    """What publishing would change. ``outcome`` is None as long as nothing was sent."""

    plugin: str
    target: TargetEnvironment
    plan: EndpointPlan
    outcome: PublishOutcome | None = None
    notes: tuple[str, ...] = ()


def release_endpoint(context: EndpointContext, *, send: bool, check: Callable[[EndpointPlan], None]) -> PlannedEndpoint:
    """Compare the subscriptions of the endpoint with plugin.toml, and change them.

    Args:
        context: The plugin, with the environment applied, and this machine.
        send: Whether to change anything.
        check: Called with the plan; raises what stops it.

    Raises:
        ManifestError: A subscription is not in the catalog of the environment.
        PublishError: No access, BioT cannot be read, or plugin.toml asks for what only BioT's account has.
    """
    manifest, clock, progress = context.manifest, context.clock, context.progress
    target = resolve_target(manifest.environment, manifest.environments, context.state)
    _check(manifest, target)
    check_subscriptions(manifest, context.environ)
    client = open_client(target, context.environ, manifest.folder, clock, ask_code=context.ask_code, progress=progress)
    with client:
        run = EndpointRun(client, context)
        if not send:
            plan = run.plan()
            check(plan)
            return PlannedEndpoint(plugin=manifest.plugin.name, target=target, plan=plan, notes=plan.notes)
        with run.journal.locked(clock, progress):
            plan = run.plan()
            check(plan)
            resolved = run.resolve_interrupted(plan)
            outcome, moved = run.execute(plan)
    notes = (*resolved, *plan.notes, *moved)
    return PlannedEndpoint(plugin=manifest.plugin.name, target=target, plan=plan, outcome=outcome, notes=notes)


def _check(manifest: Manifest, target: TargetEnvironment) -> None:
    """Refuse an environment without an address, and settings that have no effect on one's own account."""
    url, plugin = manifest.endpoint_url, manifest.plugin
    if not url:
        msg = f'plugin.toml has hosting = "own", but [environments.{target.name}] has no endpointUrl.'
        raise NotPossible(msg, hint='For example endpointUrl = "https://plugin.example.com/". Nothing was sent.')
    if target.name != LOCAL and (urlsplit(url).scheme != "https" or is_loopback(url)):
        msg = f"BioT cannot reach {url} from {target.name}: the endpoint must be public and https."
        raise NotPossible(msg, hint="An address of this machine is for the environment local. Nothing was sent.")
    unusable = {
        "cronSchedule": plugin.cron_schedule is not None,
        "enabledState": plugin.enabled_state is not None,
        "analyticsDbAccess": plugin.analytics_db_access,
        "imageTag": plugin.image_tag is not None,
        "environmentVariables": bool(plugin.environment_variables),
    }
    if names := [name for name, used in unusable.items() if used]:
        msg = f"{', '.join(names)} in plugin.toml works only on BioT's account, and hosting is own."
        raise NotPossible(msg, hint="Delete it; your server reads its own environment variables. Nothing was sent.")

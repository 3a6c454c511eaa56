"""The journal and the retained releases of one plugin: of this machine, and of the team where it shares them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.manifest.environments import LOCAL
from builder.publishing.records.journal import Journal, all_entries, merge_entries
from builder.publishing.records.journal_entry import own_account_journal
from builder.publishing.records.retained_releases import RetainedReleases
from builder.publishing.records.shared_journal import SharedJournal, read_all_environments
from builder.publishing.records.shared_location import open_location

if TYPE_CHECKING:
    from builder.publishing.api_values import TargetEnvironment
    from builder.publishing.records.journal_entry import JournalEntry
    from builder.publishing.state_folder import StateFolder


@dataclass(frozen=True, kw_only=True, slots=True)
class PluginRecords:
    """What is recorded of a plugin in an environment."""

    journal: Journal
    retained: RetainedReleases


def open_records(state: StateFolder, target: TargetEnvironment, plugin: str) -> PluginRecords:
    """The records of a plugin in an environment. Those of a local BioT stay on its machine.

    Args:
        state: The state folder.
        target: The environment.
        plugin: The name without ``Plugin-``.

    Raises:
        PublishError: ``BIOT_PLUGIN_RECORDS`` is not usable.
    """
    if not state.records or target.name == LOCAL:
        return PluginRecords(journal=Journal(state, target, plugin), retained=RetainedReleases(state))
    location = open_location(state.records)
    journal = Journal(state, target, plugin, shared=SharedJournal(location, target, plugin))
    return PluginRecords(journal=journal, retained=RetainedReleases(state, location))


def entries_in(state: StateFolder, target: TargetEnvironment, plugin: str) -> tuple[JournalEntry, ...]:
    """Every publish of a plugin in an environment, also on its owner's account, oldest first.

    Raises:
        PublishError: The journal cannot be read.
    """
    names = (plugin, own_account_journal(plugin))
    entries = (entry for name in names for entry in open_records(state, target, name).journal.entries())
    return merge_entries(entries, ())


def entries_everywhere(state: StateFolder, plugin: str) -> tuple[JournalEntry, ...]:
    """Every publish of a plugin in all environments, oldest first.

    Raises:
        PublishError: The shared records cannot be read.
    """
    local = [entry for entry in all_entries(state) if entry.plugin == plugin]
    shared = read_all_environments(open_location(state.records), plugin) if state.records else ()
    return merge_entries(local, shared)

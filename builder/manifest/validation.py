"""Checks a whole document: schema first, then rules, for ``[plugin]`` and for each environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from builder.manifest.environments import apply_overrides
from builder.manifest.rules import BUILD_RULES, ENVIRONMENT_RULES, PLUGIN_RULES
from builder.manifest.rules.subject import Subject
from builder.manifest.schema.schema_check import check_schema, without_values
from builder.manifest.text.characters import check_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from builder.manifest.finding import Finding, KeyPath
    from builder.manifest.rules import Rule


def check_document(data: Mapping[str, object], *, today: date) -> tuple[Finding, ...]:
    """Every error and warning about a document.

    Args:
        data: The document as TOML.
        today: Decides which runtimes can still be used.
    """
    invisible = tuple(check_values(data))
    violations = check_schema(data)
    clean = without_values(data, {finding.path for finding in (*invisible, *violations)})
    plugin = tuple(_run(PLUGIN_RULES, clean, data, "plugin", today))
    build = tuple(_run(BUILD_RULES, clean, data, "build", today)) if "build" in clean else ()
    environments = tuple(_environments(clean, data, plugin, today)) if "plugin" in clean else ()
    return (*invisible, *violations, *plugin, *build, *environments)


def code_of(rule: Rule) -> str:
    """The code of a rule's findings: ``manifest-cron-schedule`` for the module ``cron_schedule``."""
    return f"manifest-{rule.__module__.rpartition('.')[2].replace('_', '-')}"


def _run(
    rules: tuple[Rule, ...], clean: Mapping[str, object], data: Mapping[str, object], key: str, today: date
) -> Iterator[Finding]:
    if key not in clean:
        return
    subject = Subject(
        table=_table(clean, key), written=frozenset(_table(data, key)), today=today, prebuilt=_is_prebuilt(data)
    )
    for rule in rules:
        for finding in rule(subject):
            yield replace(finding, path=(key, *finding.path), code=code_of(rule))


def _environments(
    clean: Mapping[str, object], data: Mapping[str, object], reported: tuple[Finding, ...], today: date
) -> Iterator[Finding]:
    """Check each environment as if it were applied, and report only what [plugin] alone does not have."""
    plugin, written = _table(clean, "plugin"), _table(data, "plugin")
    for name, overrides in _table(clean, "environments").items():
        if not isinstance(overrides, dict):
            continue
        path: KeyPath = ("environments", name)
        own = Subject(table=overrides, written=frozenset(overrides), today=today)
        for rule in ENVIRONMENT_RULES:
            for finding in rule(own):
                yield replace(finding, path=(*path, *finding.path), code=code_of(rule))
        original = _table(_table(data, "environments"), name)
        merged = Subject(
            table=apply_overrides(plugin, overrides),
            written=frozenset({*written, *original}),
            today=today,
            prebuilt=_is_prebuilt(data),
        )
        already_reported = {(finding.path[1:], finding.message) for finding in reported}
        for rule in PLUGIN_RULES:
            for finding in rule(merged):
                if (finding.path, finding.message) not in already_reported:
                    yield replace(finding, path=(*path, *finding.path), code=code_of(rule))


def _is_prebuilt(data: Mapping[str, object]) -> bool:
    return "prebuilt" in _table(data, "build")


def _table(data: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}

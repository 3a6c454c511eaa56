"""Make one change to a plugin's artifact, report or lock, and see what ``verify --rebuild`` reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder import pipeline
from builder.errors import DependencyError, VerificationError
from builder.evidence import report_file
from builder.progress import SilentProgress
from tests.support.archives.mutations import ChangedArtifact, IntactArtifact
from tests.support.plugins.locked_plugin import FILES, LockedPlugin

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Bench:
    """A packaged plugin with its intact files, to change and to restore."""

    plugin: LockedPlugin
    artifact: Path
    sound: IntactArtifact

    @classmethod
    def of(cls, plugin: LockedPlugin) -> Bench:
        """Package a plugin; the store must be the one that the environment names."""
        artifact = pipeline.package(plugin.project, SilentProgress()).artifact.file
        report = report_file(artifact).read_bytes()
        sound = IntactArtifact(archive=artifact.read_bytes(), report=report, lock=plugin.lock.read_bytes())
        return cls(plugin=plugin, artifact=artifact, sound=sound)

    @property
    def report(self) -> Path:
        return report_file(self.artifact)

    def put(self, state: IntactArtifact) -> None:
        """Write these files."""
        self.artifact.write_bytes(state.archive)
        self.report.write_bytes(state.report)
        self.plugin.lock.write_bytes(state.lock)

    def restore(self) -> None:
        """Restore the intact files."""
        self.put(self.sound)
        for path, text in FILES.items():
            (self.plugin.folder / path).write_bytes(text.encode())


@dataclass(frozen=True, kw_only=True)
class Detection:
    """What was detected: kinds of differences, or the refusal."""

    kinds: frozenset[str]
    refused: str

    def fits(self, changed: ChangedArtifact) -> bool:
        """Whether the change was detected: as its kind, if it has one, otherwise as any kind."""
        return changed.kinds <= self.kinds and bool(self.refused or self.kinds)


def caught(bench: Bench, changed: ChangedArtifact) -> Detection:
    """Verify the changed plugin, with everything sound again afterwards."""
    bench.put(changed)
    try:
        seen = pipeline.verify(bench.artifact, bench.plugin.project, SilentProgress())
    except (VerificationError, DependencyError) as error:
        return Detection(kinds=frozenset(), refused=str(error))
    finally:
        bench.put(bench.sound)
    return Detection(kinds=frozenset(one.kind.value for one in seen.differences), refused="")

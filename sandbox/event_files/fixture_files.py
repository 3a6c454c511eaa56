"""Write a saved event into a plugin's folder, with a test that calls the plugin with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.archive.atomic_files import atomic_file
from sandbox.event_files.saved_tests import saved_test

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.event_files.saved_events import SavedEvent

_SUPPORT = "tests/support/events"
"""What a test needs; generated plugins have it, with the suffix of their language."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenFixture:
    """The files of a saved event.

    Attributes:
        event: The event.
        test: Its test; None when the folder has not the tests of a generated plugin.
    """

    event: Path
    test: Path | None

    @property
    def files(self) -> tuple[Path, ...]:
        """All of them."""
        return (self.event, self.test) if self.test else (self.event,)


def write_fixture(folder: Path, saved: SavedEvent, number: int, *, replace: bool = False) -> WrittenFixture:
    """Write ``events/NAME.json`` and its test.

    Args:
        folder: The plugin's folder.
        saved: The event.
        number: Of the recorded call.
        replace: Whether to replace files with these names.

    Raises:
        FileExistsError: A file has such a name; nothing is written.
        PackagingError: A file cannot be written.
    """
    javascript = (folder / f"{_SUPPORT}.js").is_file()
    test = folder / "tests" / (f"{saved.name}.test.js" if javascript else f"test_{saved.name.replace('-', '_')}.py")
    has_tests = javascript or (folder / f"{_SUPPORT}.py").is_file()
    fixture = WrittenFixture(event=folder / "events" / f"{saved.name}.json", test=test if has_tests else None)
    for file in fixture.files:
        if file.exists() and not replace:
            raise FileExistsError(file)
    _write(fixture.event, json.dumps(saved.event, indent=2, ensure_ascii=False) + "\n")
    if fixture.test:
        _write(fixture.test, saved_test(saved.name, saved.status, number, javascript=javascript))
    return fixture


def _write(file: Path, text: str) -> None:
    with atomic_file(file) as stream:
        stream.write(text.encode())

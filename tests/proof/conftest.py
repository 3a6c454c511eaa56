from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.proof.figures import Figures, page
from tests.proof.running import Runs

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIGURES = pytest.StashKey[Figures]()
_BEGAN = pytest.StashKey[float]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--page", type=Path, help="Write the figures of this run, if it is a whole one, to a file.")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_FIGURES] = Figures()
    config.stash[_BEGAN] = time.monotonic()


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Figures:
    """Where a proof tells what it counted."""
    return request.config.stash[_FIGURES]


@pytest.fixture(scope="session")
def runs() -> Iterator[Runs]:
    """Worlds in as many processes as are worth while."""
    pool = Runs()
    yield pool
    pool.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    figures = config.stash[_FIGURES]
    if not figures.rows:
        return
    terminalreporter.section("figures")
    for line in figures.lines():
        terminalreporter.write_line(line)
    file: Path | None = config.getoption("--page")
    if file is not None and not terminalreporter.stats.get("deselected"):
        seconds = time.monotonic() - config.stash[_BEGAN]
        file.write_text(page(figures, day=datetime.now(UTC).date(), seconds=seconds), "utf-8")

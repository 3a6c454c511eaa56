"""The steps of a documentation page: files to write and commands to run, executed as a reader would.

- A fenced block with ``title="PATH"`` is a file.
- In a ``console`` block, a line that begins with ``$`` is a command. The lines after it are what it prints: each must
  be in the output, in this order; ``…`` stands for any text. A comment after a command is a promise, such as
  ``version 1 → 2`` or ``exit code 9``.
- Blocks in other languages (``sh``) are for machines that a test does not have.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

REPOSITORY = Path(__file__).parents[3]
CHANGES_WAIT = 10
"""The exit code of `biot-plugin plan` when there is something to publish."""
SANDBOX = "biot-plugin sandbox"
"""Runs in a terminal of its own, so the test starts it before the first step."""
_BLOCK = re.compile(r"^([ ]*)```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class PageStep:
    """One thing that a reader does.

    Attributes:
        command: A command line, or empty.
        promise: The comment after the command.
        output: What the page shows of the command's output.
        file: A file to write, or empty.
        text: Its content.
    """

    command: str = ""
    promise: str = ""
    output: tuple[str, ...] = ()
    file: str = ""
    text: str = ""


def page_steps(page: str) -> Iterator[PageStep]:
    """The steps of a page, in order."""
    for _, language, title, block in _BLOCK.findall(page):
        text = textwrap.dedent(block)
        if title:
            yield PageStep(file=title, text=text)
        elif language == "console":
            for lines in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                first, *output = lines.splitlines()
                matched = re.fullmatch(r"(.*?)(?:\s+# (.*))?", first)
                assert matched is not None
                shown = tuple(line for line in output if line.strip(" …"))
                yield PageStep(command=matched[1], promise=matched[2] or "", output=shown)


def blocks_that_do_not_run(page: str) -> set[str]:
    """The ``sh`` blocks of a page."""
    return {textwrap.dedent(block).strip() for _, language, _, block in _BLOCK.findall(page) if language == "sh"}


@dataclass
class Reader:
    """Somebody who follows a page, in a folder, with a kit that is this working tree.

    Attributes:
        folder: Where they are; ``cd`` changes it.
        environ: Their environment; ``export`` changes it.
        replaced: Text of the page -> what it is on this machine.
        other_terminals: Another command that runs until Ctrl-C -> what starts it in the reader's folder.
    """

    folder: Path
    environ: dict[str, str]
    replaced: Mapping[str, str] = field(default_factory=dict)
    other_terminals: Mapping[str, Callable[[Path], None]] = field(default_factory=dict)

    def follow(self, steps: Iterable[PageStep]) -> None:
        """Do every step; a command that fails or prints something else than the page shows is an AssertionError."""
        for step in steps:
            if step.file:
                (self.folder / step.file).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / step.file).write_text(step.text, "utf-8")
            elif step.command in self.other_terminals:
                self.other_terminals[step.command](self.folder)
            elif step.command != SANDBOX:
                self._run(step)

    def _run(self, step: PageStep) -> None:
        line = step.command
        for text, here in self.replaced.items():
            line = line.replace(text, here)
        script = f"{line}\nstatus=$?\npwd > {self._notes}.folder\nenv -0 > {self._notes}.environ\nexit $status"
        done = subprocess.run(
            ["sh", "-c", script],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
        )
        promised_code = re.search(r"exit code (\d+)", step.promise)
        expected = {int(promised_code[1])} if promised_code else {0}
        expected |= {CHANGES_WAIT} if line.startswith("biot-plugin plan") else set()
        assert done.returncode in expected, f"{line} (exit code {done.returncode})\n{done.stdout}"
        for promised in re.findall(r"version \d+ → \d+|nothing to do", step.promise):
            assert promised in " ".join(done.stdout.lower().split()), f"{line} promises {promised}\n{done.stdout}"
        assert missing_line(step.output, done.stdout) is None, f"{line}\nThe page:\n{step.output}\n\n{done.stdout}"
        self.folder = Path(Path(f"{self._notes}.folder").read_text("utf-8").rstrip("\n"))
        variables = Path(f"{self._notes}.environ").read_text("utf-8").split("\0")
        self.environ = dict(variable.split("=", 1) for variable in variables if "=" in variable)

    @property
    def _notes(self) -> str:
        return str(Path(self.environ["BIOT_PLUGIN_STATE"]).parent / "reader")


def missing_line(shown: Iterable[str], printed: str) -> str | None:
    """The first line of a page that the output does not have, after those before it; None when it has all."""
    lines = iter(printed.splitlines())
    for line in shown:
        pattern = re.compile(".*".join(re.escape(part.strip()) for part in line.split("…")).replace(r"\ ", r"\s*"))
        if not any(pattern.fullmatch(each.strip()) for each in lines):
            return line
    return None


def reader_environment(folder: Path, kit: Path | None = None) -> dict[str, str]:
    """An environment in which ``biot-plugin`` is the kit under test, with its own state folder.

    Args:
        folder: For the state and for the program.
        kit: The repository whose templates ``biot-plugin new`` takes, instead of the one that is published.
    """
    programs = folder / "bin"
    programs.mkdir()
    new = f'if [ "$1" = new ]; then shift; set -- new --source "{kit}" "$@"; fi\n' if kit else ""
    script = f"#!/bin/sh\n{new}PYTHONPATH='{REPOSITORY}' exec '{sys.executable}' -m builder \"$@\"\n"
    (programs / "biot-plugin").write_text(script, "utf-8")
    (programs / "biot-plugin").chmod(0o755)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("BIOT_")}
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return {**inherited, "PATH": path, "BIOT_PLUGIN_STATE": str(folder / "state"), "NO_COLOR": "1"}

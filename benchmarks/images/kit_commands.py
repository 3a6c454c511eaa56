"""The commands of the kit, in processes of their own, and one that pushes a layout."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

KIT = [sys.executable, "-m", "builder"]
_PUSH = """\
import json, sys
from pathlib import Path
from builder.image.layout_files import stored_image
from builder.progress import SilentProgress
from builder.registry import no_credentials, parse_reference, push_image

image = stored_image(Path(sys.argv[1]))
pushed = push_image(image, parse_reference(sys.argv[2]), credentials=no_credentials, progress=SilentProgress())
name = pushed.reference
print(json.dumps({"digest": name.digest, "tag": name.tag, "sent": pushed.sent_bytes}))
"""


def run_kit(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str], *, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run one command in the folder of a plugin."""
    done = subprocess.run([*KIT, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if check and done.returncode:
        message = f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}"
        raise SystemExit(message)
    return done


def push_command(layout: Path, repository: str) -> list[str]:
    """The command that pushes a layout and prints the digest and the tag."""
    return [sys.executable, "-c", _PUSH, str(layout), repository]

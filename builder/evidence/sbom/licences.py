"""The licence texts of the packages in one file, as most licences require of whoever distributes the code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.archive.reader import read_content
from builder.quoting import printable, printable_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from builder.build_values import Pack
    from builder.evidence.components import Inventory

_DECLARED = r"[^/]+\.dist-info/licen[cs]es/.+"
"""PEP 639."""

_NAMED = r"(?i)(?:.*/)?(?:un)?(?:licen[cs]e|copying|notice|copyright)s?(?:[._-][^/]*)?"
_CODE = (".py", ".pyi", ".js", ".cjs", ".mjs", ".ts", ".cts", ".mts", ".map", ".json", ".so", ".node", ".yml", ".yaml")
_RULE = "=" * 100
_THIN = "-" * 100


def licence_texts(name: str, inventory: Inventory, texts: Iterable[tuple[str, str]]) -> bytes:
    """The file: every package with its licence and its texts.

    Args:
        name: Name and version of the plugin.
        inventory: The components of the artifact.
        texts: ``name version`` of each package and its ``texts_of``, in the order of the file.
    """
    licences = {f"{package.name} {package.version}": package.facts.licence_text for package in inventory.packages}
    sections, without = [], []
    for label, text in texts:
        if not text:
            without.append(f"{label} ({licences.get(label, 'unknown')})")
        sections.append(f"{_RULE}\n{label}\n{licences.get(label, 'unknown')}\n{text}")
    missing = ", ".join(without) or "none"
    top = f"Licences of the packages in {name}\n\nPackages that carry no licence text: {missing}\n\n"
    return printable_lines(top + "\n".join(sections)).encode()


def texts_of(pack: Pack) -> str:
    """The licence texts in a package, each once and under its path; empty without one.

    Raises:
        VerificationError: The pack was changed while it was read.
    """
    return "".join(f"{_THIN}\n{path}\n\n{text}\n" for path, text in _texts(pack))


def is_licence(path: str) -> bool:
    """Whether a file of a package is a licence, a notice or a copyright, by its folder and name."""
    return bool(re.fullmatch(_DECLARED, path)) or (
        not path.lower().endswith(_CODE) and bool(re.fullmatch(_NAMED, path))
    )


def _texts(pack: Pack) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for member in sorted(pack.members, key=lambda member: member.path):
        if is_licence(member.path) and member.sha256 not in seen:
            seen.add(member.sha256)
            text = read_content(pack.file, member).decode("utf-8", "replace")
            yield printable(member.path), "\n".join(line.rstrip() for line in text.splitlines())

"""The packages that a ZIP itself names: in the metadata that Maven, NuGet, RubyGems, pip and npm leave in it."""

from __future__ import annotations

import json
import posixpath
import re
import zipfile
import zlib
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct

from builder.evidence.sbom.purl import npm_purl, pypi_purl
from builder.platform.package_names import normalized_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_POM = re.compile(r"META-INF/maven/[^/]+/[^/]+/pom\.properties")
_GEMSPEC = re.compile(r"(.*/)?specifications/([^/]+)-(\d[^/-]*)\.gemspec")
_DIST_INFO = re.compile(r"(.*/)?([^/]+)-([^/-]+)\.dist-info/METADATA")
_NPM = re.compile(r"((?:.*/)?node_modules/(?:@[^/]+/)?[^/@][^/]*/)package\.json")
_JAR = re.compile(r"lib/[^/]+\.jar")
_METADATA_MAX = 1 << 20
"""Larger metadata is not read."""


class KnownPackage(Struct, frozen=True, kw_only=True):
    """A package that the ZIP names.

    Attributes:
        name: As its ecosystem spells it.
        version: As its metadata has it.
        purl: Its package URL.
        files: Its files, or folders that end in ``/``, as far as the metadata says.
    """

    name: str
    version: str
    purl: str
    files: tuple[str, ...] = ()


class KnownContent(Struct, frozen=True, kw_only=True):
    """The packages of the ZIP, from their own metadata.

    Attributes:
        packages: By name and version.
        classes: The paths in the JARs below ``lib/``.
        unread: JARs that cannot be read.
    """

    packages: tuple[KnownPackage, ...]
    classes: frozenset[str]
    unread: tuple[str, ...]


def read_known_content(paths: Sequence[str], read: Callable[[str], bytes]) -> KnownContent:
    """Read the metadata of packages, and the names of the classes in JARs.

    Args:
        paths: Every file of the ZIP.
        read: Returns the content of one of them.
    """
    found = [*_maven(paths, read), *_nuget(paths, read), *_gems(paths), *_wheels(paths), *_npm(paths, read)]
    classes: set[str] = set()
    unread = []
    for path in paths:
        if _JAR.fullmatch(path):
            try:
                names, packages = _read_jar(path, read(path))
            except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, EOFError):
                unread.append(path)
                continue
            classes |= names
            found += packages
    known = {(package.name, package.version): package for package in found}
    return KnownContent(
        packages=tuple(known[key] for key in sorted(known)), classes=frozenset(classes), unread=tuple(unread)
    )


def _read_jar(path: str, content: bytes) -> tuple[set[str], list[KnownPackage]]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        names = set(archive.namelist())
        poms = [name for name in names if _POM.fullmatch(name) and archive.getinfo(name).file_size <= _METADATA_MAX]
        packages = [package for name in poms if (package := _of_pom(archive.read(name)))]
    main = [package for package in packages if path == f"lib/{package.name.partition(':')[2]}-{package.version}.jar"]
    owner = main or (packages if len(packages) == 1 else [])
    return names, [
        KnownPackage(name=one.name, version=one.version, purl=one.purl, files=(path,) if one in owner else ())
        for one in packages
    ]


def _maven(paths: Sequence[str], read: Callable[[str], bytes]) -> Iterator[KnownPackage]:
    for path in filter(_POM.fullmatch, paths):
        if package := _of_pom(read(path)):
            yield KnownPackage(
                name=package.name, version=package.version, purl=package.purl, files=(posixpath.dirname(path) + "/",)
            )


def _of_pom(content: bytes) -> KnownPackage | None:
    lines = (line.partition("=") for line in content.decode("utf-8", "replace").splitlines() if line[:1] != "#")
    values = {key.strip(): value.strip() for key, _, value in lines}
    group, artifact, version = (values.get(key, "") for key in ("groupId", "artifactId", "version"))
    if not (group and artifact and version):
        return None
    purl = f"pkg:maven/{quote(group, safe='')}/{quote(artifact, safe='')}@{quote(version, safe='')}"
    return KnownPackage(name=f"{group}:{artifact}", version=version, purl=purl)


def _nuget(paths: Sequence[str], read: Callable[[str], bytes]) -> Iterator[KnownPackage]:
    for path in paths:
        if not path.endswith(".deps.json") or "/" in path:
            continue
        document = _json(read(path))
        libraries, targets = document.get("libraries"), document.get("targets")
        for label, library in (libraries if isinstance(libraries, dict) else {}).items():
            name, _, version = label.partition("/")
            if isinstance(library, dict) and library.get("type") == "package" and name and version:
                purl = f"pkg:nuget/{quote(name, safe='')}@{quote(version, safe='')}"
                files = tuple(one for one in _assemblies(targets, label) if one in paths)
                yield KnownPackage(name=name, version=version, purl=purl, files=files)


def _assemblies(targets: object, label: str) -> list[str]:
    names: list[str] = []
    for target in targets.values() if isinstance(targets, dict) else ():
        entry = target.get(label) if isinstance(target, dict) else None
        runtime = entry.get("runtime") if isinstance(entry, dict) else None
        names += [posixpath.basename(name) for name in runtime] if isinstance(runtime, dict) else []
    return sorted(set(names))


def _gems(paths: Sequence[str]) -> Iterator[KnownPackage]:
    for folder, name, version in (match.groups() for path in paths if (match := _GEMSPEC.fullmatch(path))):
        purl = f"pkg:gem/{quote(name, safe='')}@{quote(version, safe='')}"
        yield KnownPackage(name=name, version=version, purl=purl, files=(f"{folder or ''}gems/{name}-{version}/",))


def _wheels(paths: Sequence[str]) -> Iterator[KnownPackage]:
    for folder, name, version in (match.groups() for path in paths if (match := _DIST_INFO.fullmatch(path))):
        purl = pypi_purl(normalized_name(name), version)
        files = (f"{folder or ''}{name}-{version}.dist-info/",)
        yield KnownPackage(name=normalized_name(name), version=version, purl=purl, files=files)


def _npm(paths: Sequence[str], read: Callable[[str], bytes]) -> Iterator[KnownPackage]:
    for path in paths:
        if match := _NPM.fullmatch(path):
            document = _json(read(path))
            name, version = document.get("name"), document.get("version")
            if isinstance(name, str) and isinstance(version, str) and name and version:
                purl = npm_purl(name, version)
                yield KnownPackage(name=name, version=version, purl=purl, files=(match[1],))


def _json(content: bytes) -> dict[str, object]:
    try:
        document = json.loads(content) if len(content) <= _METADATA_MAX else {}
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}

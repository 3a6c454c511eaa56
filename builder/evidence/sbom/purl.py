"""Package URLs (https://github.com/package-url/purl-spec): one name for a package, whatever its ecosystem."""

from __future__ import annotations

from urllib.parse import quote, unquote

from builder.platform.package_names import normalized_name


def purl_of(name: str, version: str, *, python: bool) -> str:
    """The purl of a package on PyPI, or else on npm."""
    return pypi_purl(normalized_name(name), version) if python else npm_purl(name, version)


def pypi_purl(name: str, version: str) -> str:
    """``pkg:pypi/requests@2.32.5``; ``name`` is already normalized."""
    return f"pkg:pypi/{quote(name, safe='')}@{quote(version, safe='')}"


def npm_purl(name: str, version: str) -> str:
    """``pkg:npm/%40scope/name@1.0.0``."""
    return f"pkg:npm/{quote(name, safe='/')}@{quote(version, safe='')}"


def oci_purl(repository: str, digest: str, *, tag: str, arch: str) -> str:
    """``pkg:oci/python@sha256%3A…?arch=amd64&repository_url=public.ecr.aws/lambda/python&tag=3.13``."""
    name = quote(repository.rpartition("/")[2].lower(), safe="")
    qualifiers = {"arch": arch, "repository_url": repository, "tag": tag}
    listed = "&".join(f"{key}={quote(value, safe='/:')}" for key, value in qualifiers.items() if value)
    return f"pkg:oci/{name}@{quote(digest, safe='')}?{listed}"


def parse_purl(text: str) -> tuple[str, str, str] | None:
    """(type, name with its namespace, version); version is empty without one. None when the text is not a purl."""
    scheme, separator, rest = text.partition(":")
    if scheme != "pkg" or not separator:
        return None
    kind, separator, rest = rest.lstrip("/").partition("/")
    bare = rest.partition("#")[0].partition("?")[0]
    path, at, version = bare.rpartition("@")
    if not at or not path:
        path, version = bare, ""
    if not separator or not path:
        return None
    return kind.lower(), unquote(path.strip("/")), unquote(version)

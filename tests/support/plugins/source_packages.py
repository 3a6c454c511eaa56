"""Source distributions with their own build backend, which needs no package of an index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.servers.package_registries import make_tarball

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BACKEND = """\
import os
import sys
import zipfile

NAME, VERSION, TAG = {name!r}, {version!r}, {tag!r}


def content():
    {content}


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    stem = f"{{NAME.replace('-', '_')}}-{{VERSION}}"
    file = f"{{stem}}-{{TAG}}.whl"
    info = f"{{stem}}.dist-info"
    with zipfile.ZipFile(os.path.join(wheel_directory, file), "w") as archive:
        archive.writestr(f"{{NAME.replace('-', '_')}}.py", content())
        archive.writestr(f"{{info}}/METADATA", f"Metadata-Version: 2.1\\nName: {{NAME}}\\nVersion: {{VERSION}}\\n")
        lines = ["Wheel-Version: 1.0", f"Generator: own-backend {{sys.version_info.minor}}", "Root-Is-Purelib: true"]
        archive.writestr(f"{{info}}/WHEEL", "\\n".join([*lines, f"Tag: {{TAG}}", ""]))
        archive.writestr(f"{{info}}/RECORD", "")
    return file
"""


def make_sdist(
    name: str,
    *,
    content: str = 'return "A = 1\\n"',
    tag: str = "py3-none-any",
    requires: Sequence[str] = (),
    metadata: str = "2.2",
) -> tuple[str, bytes]:
    """File name and bytes of an sdist of version 1.0.

    Args:
        name: Of the package, normalised.
        content: Body of a function that the build runs; its result becomes the package's module.
        tag: Of the wheel that it builds.
        requires: Packages that its build requires.
        metadata: Version of its metadata; below 2.2 uv runs the build to learn the dependencies.
    """
    version = "1.0"
    stem = f"{name.replace('-', '_')}-{version}"
    build_requires = ", ".join(f'"{name}"' for name in requires)
    files: Mapping[str, str] = {
        "PKG-INFO": f"Metadata-Version: {metadata}\nName: {name}\nVersion: {version}\n",
        "pyproject.toml": f"[build-system]\nrequires = [{build_requires}]\n"
        'build-backend = "backend"\nbackend-path = ["."]\n',
        "backend.py": BACKEND.format(name=name, version=version, tag=tag, content=content),
    }
    return f"{stem}.tar.gz", make_tarball({f"{stem}/{path}": text.encode() for path, text in files.items()})

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from builder.manifest.finding import Finding
from builder.manifest.rules.path_settings import path_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from builder.manifest.rules.subject import Subject

# The grammar of references (distribution/reference), with the registry and a tag or digest, so that nothing is guessed.
_REGISTRY = r"(?:localhost|(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]+|[A-Za-z0-9-]+(?=:\d))(?::\d{1,5})?"
_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_DIGEST = r"@sha256:[0-9a-f]{64}"
_REFERENCE = rf"{_REGISTRY}(?:/{_PART})+(?:(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})(?:{_DIGEST})?|{_DIGEST})"


def check(subject: Subject) -> Iterator[Finding]:
    """``[build.image] base`` names a registry, a repository, and a tag or digest; ``dockerfile`` is a path inside."""
    dockerfile = subject.subtable("image").get("dockerfile")
    if isinstance(dockerfile, str):
        inside = "" if ".." not in dockerfile.split("/") else "The Dockerfile must be in the folder of plugin.toml."
        if message := path_problem(dockerfile) or inside:
            yield Finding(path=("image", "dockerfile"), message=message, hint='For example dockerfile = "Dockerfile".')
    base = subject.subtable("image").get("base")
    if isinstance(dockerfile, str) and base is not None:
        message = "With a Dockerfile, base has no effect: the Dockerfile's FROM names the base image."
        yield Finding(path=("image", "base"), message=message, hint="Delete the line.")
    if isinstance(base, str) and not re.fullmatch(_REFERENCE, base):
        yield Finding(path=("image", "base"), message=_problem(base), hint=_HINT)


_HINT = 'For example base = "public.ecr.aws/lambda/python:3.13".'


def _problem(base: str) -> str:
    if "://" in base:
        return "The base image must be REGISTRY/REPOSITORY:TAG, without https://."
    if "/" not in base or not re.match(_REGISTRY, base.partition("/")[0]):
        return "The base image must begin with its registry, such as public.ecr.aws/; `docker.io/` is not assumed."
    if ":" not in base.rpartition("/")[2] and "@" not in base:
        return "The base image must have a tag: without one, registries give whatever is the latest."
    return "The base image must be REGISTRY/REPOSITORY:TAG; the repository has only lower-case letters and digits."

"""The connection to a Docker engine, through the ``docker`` library."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from builder.errors import PackagingError
from builder.image.dockerfile.build_context import missing_library
from builder.quoting import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from docker import APIClient

LINES_SHOWN: Final = 20
"""How many of the last lines of a failed build are shown."""
_FIRST_ANSWER_SECONDS: Final = 20
_SHOWN: Final = 300


@contextmanager
def open_engine(environ: Mapping[str, str]) -> Iterator[APIClient]:
    """Connect to the engine that ``DOCKER_HOST``, or the current context of Docker, names.

    Raises:
        PackagingError: The library is missing, the engine does not answer, or it refuses a request
            that is made inside of the ``with`` block.
    """
    try:
        import docker
        from docker.errors import DockerException
        from requests import RequestException  # docker's own transport
    except ImportError:
        raise missing_library() from None
    try:
        client = docker.from_env(environment=dict(environ), timeout=_FIRST_ANSWER_SECONDS)
        client.api.ping()
    except (DockerException, RequestException, OSError) as error:
        msg = f"The Docker engine does not answer: {_first_line(error)}"
        hint = "Start Docker, or set DOCKER_HOST to its address. Without a Dockerfile, the kit builds images by itself."
        raise PackagingError(msg, hint=hint) from error
    client.api.timeout = None  # a step of a build may be silent for an hour; the engine's end is noticed at once
    try:
        yield client.api
    except (DockerException, RequestException) as error:
        msg = f"The Docker engine refused a request: {_first_line(error)}"
        raise PackagingError(msg, hint="Check the engine: `docker info`.") from error
    finally:
        client.close()


def build_failure(dockerfile: str, cause: str, lines: Sequence[str]) -> PackagingError:
    """The error of a failed build, with the last lines that the engine wrote."""
    shown = [f"  {printable(line, _SHOWN)}" for line in lines[-LINES_SHOWN:]]
    msg = "\n".join([f"The build of {dockerfile} failed: {printable(cause, _SHOWN)}", *shown])
    return PackagingError(msg, hint="Fix the step above; nothing was written, and the engine has nothing left of it.")


def _first_line(error: BaseException) -> str:
    return printable(next(iter(str(error).splitlines()), type(error).__name__), _SHOWN)

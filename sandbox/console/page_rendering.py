"""Pages from templates. Whatever a plugin or a user wrote is escaped, and no page may load or run anything else."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from sandbox.console.console_access import PATH, TOKEN_FIELD
from sandbox.console.console_assets import asset_address
from sandbox.console.recorded_text import beginning_of_text, indented_json
from sandbox.instance_state import state_of
from sandbox.intercepted_apis import narrowing_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

_WRITTEN_MAX = 20_000
"""Characters of a message on a page; a link leads to all of it."""
_LIMIT_NAMES = {
    "duration": "Duration",
    "initialization": "Initialization",
    "memory": "Memory",
    "storage": "Storage in /tmp",
    "request": "Request",
    "response": "Response",
}
SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "referrer-policy": "same-origin",  # with no-referrer, browsers send forms with `Origin: null`
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


def render(request: Request, template: str, *, status: int = 200, **values: object) -> Response:
    """A page of the console.

    Args:
        request: For the frame around every page: address, clock and the token of forms.
        template: Its file in ``pages``.
        status: Of the response.
        **values: What the template shows.
    """
    state = state_of(request)
    frame = {
        "path": request.url.path,
        "token_field": TOKEN_FIELD,
        "form_token": request.app.state.console.form_token,
        "now": state.clock.now(),
        "address": state.settings.base_url,
        "faults_on": work.faults.remaining if (work := request.app.state.work) else 0,
    }
    page = _environment().get_template(template).render(**frame, **values)
    return HTMLResponse(page, status, headers=SECURITY_HEADERS)


def render_fragment(template: str, **values: object) -> str:
    """A part of a page, such as a row that is added to a list."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("pages")),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["asset"] = asset_address
    environment.filters["pretty"] = _pretty
    environment.globals["console"] = PATH
    environment.globals["limit_names"] = _LIMIT_NAMES
    environment.filters["narrowing"] = narrowing_of
    environment.filters["written"] = _written
    environment.filters["moment"] = _moment
    environment.filters["milliseconds"] = _milliseconds
    environment.filters["bytes"] = _bytes
    return environment


def _pretty(value: object) -> str:
    """JSON for people; a text as it is."""
    if value is None:
        return ""
    return value if isinstance(value, str) else indented_json(value)


def _written(message: Mapping[str, Any]) -> str:
    """The beginning of the body of a recorded message, as it was written."""
    return beginning_of_text(message, _WRITTEN_MAX)


def _moment(seconds: float) -> str:
    """A time of a token, in seconds since 1970."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(" ", "seconds")
    except (OverflowError, ValueError, OSError):
        return str(seconds)


def _bytes(value: float) -> str:
    """A size as people read it: ``812 bytes``, ``4.2 kB``, ``128 MB``."""
    if value < 1024:  # noqa: PLR2004 - bytes in a kilobyte
        return f"{value:.0f} bytes"
    if value < 1_048_576:  # noqa: PLR2004 - bytes in a megabyte
        return f"{value / 1024:.1f} kB"
    return f"{value / 1_048_576:.1f} MB".replace(".0 MB", " MB")


def _milliseconds(value: float | None) -> str:
    """A duration as people read it: ``0.8 ms``, ``42 ms``, ``1.3 s``."""
    if value is None:
        return "…"
    if value < 10:  # noqa: PLR2004 - below this, a digit after the point says something
        return f"{value:.1f} ms"
    return f"{value:.0f} ms" if value < 1000 else f"{value / 1000:.1f} s"  # noqa: PLR2004 - a second

"""The fields of a form that a page of the console sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request


async def submitted_fields(request: Request) -> dict[str, str]:
    """The text fields of a form of the console; of several fields with one name, the last.

    Raises:
        ApiError: 403, the form does not come from the console of this start.
    """
    async with request.form() as form:
        request.app.state.console.require_form(form)
        return {name: value for name, value in form.multi_items() if isinstance(value, str)}

"""The chain that a page is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.web.biot_errors import ApiError

if TYPE_CHECKING:
    from starlette.requests import Request

    from sandbox.activity.activity_recorder import ActivityRecorder


def recorded_chain(request: Request, identifier: str = "") -> dict[str, Any]:
    """A chain by its number or id; without one, that of the path.

    Raises:
        ApiError: 404, it is not recorded.
    """
    wanted = identifier or request.path_params["id"]
    work = request.app.state.work
    recorder: ActivityRecorder | None = work.recorder if work else None
    chain = recorder.read(wanted) if recorder else None
    if chain is None:
        message = f"There is no activity {wanted[:100]}. Only the newest calls are kept."
        raise ApiError(404, "ACTIVITY_NOT_FOUND", message)
    return chain

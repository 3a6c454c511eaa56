"""Calls from the plugin to BioT's API.

The calls carry the service user's token and the trace id of this call. BioT does not run interceptors on them, unless
the header ``allow-interception`` asks for it.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from plugin.errors import BiotError
from plugin.login import login
from plugin.send_request import Request, send_request, send_twice, timeout_within
from plugin.settings import Settings

CALL_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Biot:
    """A small client of BioT's API. It logs in on its first call.

    Every method raises ``BiotError`` when BioT answers with an error, and ``TimeoutError`` or ``ConnectionError`` when
    there is no answer.
    """

    settings: Settings
    traceparent: str
    remaining_seconds: Callable[[], float]

    def get(self, path: str, query: dict[str, str] | None = None) -> Any:
        """Return the JSON under this path, for example ``/organization/v1/users/patients/{id}``."""
        return self.request("GET", path if query is None else f"{path}?{urlencode(query)}")

    def post(self, path: str, body: object = None) -> Any:
        """Send a JSON body by POST; return the JSON of the answer."""
        return self.request("POST", path, body)

    def patch(self, path: str, body: object) -> Any:
        """Send a JSON body by PATCH; return the JSON of the answer."""
        return self.request("PATCH", path, body)

    def delete(self, path: str) -> Any:
        """Send a DELETE; return the JSON of the answer, or None when there is none."""
        return self.request("DELETE", path)

    def search(self, path: str, search_request: dict[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Yield everything that a search finds, page by page.

        Args:
            path: A search API, for example ``/organization/v1/users/patients``.
            search_request: BioT's search request: ``filter``, ``sort``, ``limit`` (the size of a page) and so on.
        """
        page, count = 0, 0
        while True:
            query = {"searchRequest": json.dumps({**(search_request or {}), "page": page})}
            answer = self.get(path, query)
            items = answer.get("data") or []
            yield from items
            page, count = page + 1, count + len(items)
            total = (answer.get("metadata") or {}).get("page", {}).get("totalResults")
            if not items or (total is not None and count >= total):
                return

    def request(self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None) -> Any:
        """Send any other request; return the JSON of the answer.

        Raises:
            ValueError: The path does not begin with a slash: it must be a path of BioT, not an address.
        """
        if not path.startswith("/"):
            raise ValueError(f"the path of a BioT API begins with a slash, not {path[:1]!r}")
        token = login(self.settings, self.traceparent, self.remaining_seconds)
        own_headers = {"authorization": f"Bearer {token}", "traceparent": self.traceparent}
        request = Request(
            method=method, url=self.settings.url(path), headers={**(headers or {}), **own_headers}, body=body
        )
        if method == "GET":
            answer = send_twice(request, CALL_TIMEOUT, self.remaining_seconds)
        else:
            # Not repeated: BioT may have carried out the request although its answer was lost.
            answer = send_request(request, timeout_within(CALL_TIMEOUT, self.remaining_seconds))
        if not answer.ok:
            raise BiotError(f"{method} {path.partition('?')[0]}", answer.status, answer.code)
        return answer.json

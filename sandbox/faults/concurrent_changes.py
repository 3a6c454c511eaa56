"""Changes of another user to the same plugin at the same moment, with the same permissions, through the same API."""

from __future__ import annotations

import asyncio
import io
import json
import re
import zipfile
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from builder.platform.limits import NAME_PREFIX
from builder.platform.reserved_variables import BIOT_PREFIX, TREE_DIGEST_NAME
from sandbox.faults.fault_list import ConcurrentChange
from sandbox.faults.socket_steps import CompleteResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Scope

PLUGINS = "/settings/v2/plugins"
BOUNDARY = "concurrent-user-boundary"
OTHER_MEMORY_MB = 1024
OTHER_DIGEST = "sha256:" + "0" * 64
OTHER_CODE = {
    "index.py": 'def handler(event, context):\n    return {"statusCode": 418}\n',
    "index.js": "exports.handler = async () => ({ statusCode: 418 });\n",
}


async def call_application(app: ASGIApp, scope: Scope, body: bytes) -> CompleteResponse:
    """Send a request to the application without a network in between."""
    status, headers, parts = 500, [], []
    unread = [body]

    async def receive() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        await asyncio.Event().wait()  # the client stays connected until it has the response
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], list(message.get("headers", []))
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return CompleteResponse(status=status, headers=tuple(headers), body=b"".join(parts))


def plugin_name(path: str, body: bytes) -> str:
    """Return the plugin that a request concerns, from its path or from the ``config`` of a creation; empty if none."""
    if path.startswith(f"{PLUGINS}/"):
        return path.removeprefix(f"{PLUGINS}/").partition("/")[0]
    match = re.search(rb'"name"\s*:\s*"([A-Za-z0-9_-]+)"', body) if path == PLUGINS else None
    return match[1].decode() if match else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConcurrentUser:
    """Another user, who has the same authorization as the request that meets the fault.

    Attributes:
        app: The local BioT's application.
        scope: The scope of the request, which provides Host and Authorization.
        plugin: The plugin's name.
    """

    app: ASGIApp
    scope: Scope
    plugin: str

    async def change(self, change: ConcurrentChange) -> None:
        """Change, publish or delete the plugin. A missing plugin is created only if the request would create it."""
        if change is ConcurrentChange.DELETE:
            await self._call("DELETE", f"/{self.plugin}")
        elif change is ConcurrentChange.CONFIG:
            await self._send("PATCH", {"memorySize": OTHER_MEMORY_MB})
        else:
            await self._publish()

    async def read(self) -> dict[str, Any]:
        """Return the plugin as it is now; empty if there is none."""
        response = await self._call("GET", f"/{self.plugin}")
        plugin: dict[str, Any] = json.loads(response.body) if response.status == HTTPStatus.OK else {}
        return plugin

    async def restore_subscriptions(self, before: Mapping[str, Any]) -> None:
        """Undo the subscriptions of a change, as if they had failed.

        Args:
            before: The plugin before the change; empty if the change created it.
        """
        old = before.get("subscriptions") or {}
        rows = {key: old.get(key) or [] for key in ("interceptions", "notifications")}
        await self._send("PATCH", {"subscriptions": {**old, **rows}})

    async def _publish(self) -> None:
        plugin = await self.read()
        current = plugin.get("environmentVariables") or {}
        variables = {key: value for key, value in current.items() if not key.startswith(BIOT_PREFIX)}
        variables[TREE_DIGEST_NAME] = OTHER_DIGEST
        config: dict[str, Any] = {"version": plugin.get("version", 0) + 1, "environmentVariables": variables}
        if plugin:
            await self._send("PATCH", config, code=_other_code())
        elif self.scope["method"] == "POST":
            await self._create(config)

    async def _create(self, config: Mapping[str, Any]) -> None:
        new = {"name": self.plugin.removeprefix(NAME_PREFIX), "displayName": "Somebody else's", "runtime": "python3.13"}
        await self._send("POST", {**config, **new}, code=_other_code())

    async def _send(self, method: str, config: Mapping[str, Any], code: bytes = b"") -> None:
        parts = [_part("config", json.dumps(config).encode())]
        if code:
            parts.append(_part("code", code, filename="code.zip"))
        body = b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])
        await self._call(method, f"/{self.plugin}" if method == "PATCH" else "", body)

    async def _call(self, method: str, path: str, body: bytes = b"") -> CompleteResponse:
        headers = [
            *(pair for pair in self.scope["headers"] if pair[0] in {b"host", b"authorization"}),
            (b"content-type", f"multipart/form-data; boundary={BOUNDARY}".encode()),
            (b"content-length", str(len(body)).encode()),
        ]
        full_path = f"{PLUGINS}{path}"
        request = {
            "method": method,
            "path": full_path,
            "raw_path": full_path.encode(),
            "query_string": b"",
            "headers": headers,
        }
        return await call_application(self.app, {**self.scope, **request}, body)


def _part(name: str, content: bytes, *, filename: str = "") -> bytes:
    file_headers = f'; filename="{filename}"\r\ncontent-type: application/zip' if filename else ""
    head = f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"{file_headers}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def _other_code() -> bytes:
    with io.BytesIO() as stream:
        with zipfile.ZipFile(stream, "w") as archive:
            for name, text in OTHER_CODE.items():
                archive.writestr(name, text)
        return stream.getvalue()

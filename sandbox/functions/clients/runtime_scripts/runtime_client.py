"""The native part of awslambdaric in plain Python, for systems other than Linux. Its functions and results are equal.

Source: awslambdaric 4.2.2, ``runtime_client.cpp`` and ``lambda_runtime_client.py``.
"""

from __future__ import annotations

import http.client
import os

_PREFIX = "/2018-06-01/runtime"
_NAMES = (
    "Lambda-Runtime-Aws-Request-Id",
    "Lambda-Runtime-Trace-Id",
    "Lambda-Runtime-Invoked-Function-Arn",
    "Lambda-Runtime-Client-Context",
    "Lambda-Runtime-Cognito-Identity",
    "Lambda-Runtime-Aws-Tenant-Id",
    "Lambda-Runtime-Invocation-Id",
    "Content-Type",
)
_client: dict[str, str] = {}
_connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])


def initialize_client(user_agent: str) -> None:
    """Remember the name that requests carry."""
    _client["User-Agent"] = user_agent


def next() -> tuple[bytes, dict[str, object]]:  # noqa: A001 - awslambdaric calls it by this name
    """Wait for the next event and return it with its headers."""
    _connection.request("GET", f"{_PREFIX}/invocation/next", headers=_client)
    response = _connection.getresponse()
    body = response.read()
    headers: dict[str, object] = {name: response.getheader(name) for name in _NAMES}
    headers["Lambda-Runtime-Deadline-Ms"] = int(response.getheader("Lambda-Runtime-Deadline-Ms") or 0)
    return body, headers


def post_invocation_result(request_id: str, data: bytes, content_type: str, invocation_id: str | None) -> None:
    """Send the answer of the handler."""
    del invocation_id  # only for functions with several calls at once
    _post(f"{request_id}/response", data, {"Content-Type": content_type})


def post_error(request_id: str, error: str, xray_fault: str, invocation_id: str | None) -> None:
    """Send the error of the handler."""
    del invocation_id
    headers = {"Content-Type": "application/json", "Lambda-Runtime-Function-XRay-Error-Cause": xray_fault}
    _post(f"{request_id}/error", error.encode(), headers)


def _post(path: str, body: bytes, headers: dict[str, str]) -> None:
    _connection.request("POST", f"{_PREFIX}/invocation/{path}", body, {**_client, **headers})
    response = _connection.getresponse()
    response.read()
    if response.status != http.HTTPStatus.ACCEPTED:
        message = f"Failed to post the outcome of the call: {response.status}"
        raise RuntimeError(message)

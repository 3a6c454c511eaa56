"""S3 on loopback: moto's, which works, and a server that fails in a chosen way."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.support.servers.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BUCKET = "packs"
ADDRESS = f"s3://{BUCKET}/team/kit"
KEY, SECRET, TOKEN = "AKIAEXAMPLEEXAMPLE00", "SecretSecretSecretSecret", "TokenTokenTokenToken"
DRIP_SECONDS = 0.05
HANG_SECONDS = 30


def settings(url: str) -> dict[str, str]:
    """The environment variables of an operator with an S3 server at ``url``."""
    return {
        "AWS_ENDPOINT_URL_S3": url,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": TOKEN,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }


@dataclass(frozen=True, kw_only=True)
class WorkingS3:
    """A bucket, read with a separate client."""

    url: str
    client: Any

    def every_key(self) -> list[str]:
        """The key of every object."""
        return [item["Key"] for item in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def objects(self) -> dict[str, bytes]:
        """The bytes of every package by its key; the claims of machines are no packages."""
        keys = [key for key in self.every_key() if "/fetching/" not in key]
        return {key: self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}


@contextmanager
def working_s3() -> Iterator[WorkingS3]:
    """Moto's S3 with one empty bucket."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        client = boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
        )
        client.create_bucket(Bucket=BUCKET)
        running = WorkingS3(url=url, client=client)
        for key in running.every_key():  # moto keeps what an earlier server of this process had
            client.delete_object(Bucket=BUCKET, Key=key)
        yield running
    finally:
        server.stop()


@dataclass
class BrokenS3:
    """Responds to every request in the same way.

    Attributes:
        behaviour: ``hang``, ``drip``, ``cut``, ``wrong``, ``endless``, ``read only``, ``full``, or a status as ``500``.
        objects: By key, served by ``read only``; ``cut`` serves half of each.
        code: The error code of a status.
        requests: Method and path of each.
    """

    behaviour: str
    objects: Mapping[str, bytes] = field(default_factory=dict)
    code: str = "AccessDenied"
    requests: list[tuple[str, str]] = field(default_factory=list)


@contextmanager
def broken_s3(broken: BrokenS3) -> Iterator[str]:
    """The server's URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # otherwise boto3 waits a second before each upload

        def do_GET(self) -> None:
            broken.requests.append((self.command, self.path))
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with suppress(BrokenPipeError, ConnectionResetError):  # the client may have disconnected
                _respond(self, broken)

        do_HEAD = do_PUT = do_GET  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's own name
            del format, args

    class Server(ThreadingHTTPServer):
        block_on_close = False  # abandons hanging requests
        request_queue_size = 64

    with serving(Server(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}"


def _respond(handler: BaseHTTPRequestHandler, broken: BrokenS3) -> None:
    data = broken.objects.get(handler.path.removeprefix(f"/{BUCKET}/"), b"")
    match broken.behaviour:
        case "hang":
            time.sleep(HANG_SECONDS)
        case "drip" | "endless":
            _stream(handler, drips=broken.behaviour == "drip")
        case "cut":
            _send(handler, 200, data[: len(data) // 2], length=len(data))
        case "wrong":
            _send(handler, 200, b"other bytes")
        case "read only":
            _serve_read_only(handler, data)
        case "full":
            status, code = (507, "InsufficientStorage") if handler.command == "PUT" else (404, "NoSuchKey")
            _refuse(handler, status, code)
        case status:
            _refuse(handler, int(status), broken.code)


def _stream(handler: BaseHTTPRequestHandler, *, drips: bool) -> None:
    _send(handler, 200, b"", length=1 << 40)
    for _ in range(1000):
        handler.wfile.write(b"x" if drips else bytes(1 << 20))
        time.sleep(DRIP_SECONDS if drips else 0)


def _serve_read_only(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    if handler.command == "PUT":
        _refuse(handler, 403, "AccessDenied")
    elif data:
        _send(handler, 200, data)
    else:
        _refuse(handler, 404, "NoSuchKey")


def _refuse(handler: BaseHTTPRequestHandler, status: int, code: str) -> None:
    document = f"<Error><Code>{code}</Code><Message>No.</Message><AWSAccessKeyId>{KEY}</AWSAccessKeyId></Error>"
    _send(handler, status, document.encode())


def _send(handler: BaseHTTPRequestHandler, status: int, body: bytes, *, length: int | None = None) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    # Without it, a client that keeps the connection would find it closed at its next request.
    handler.send_header("Connection", "close")
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)
    handler.wfile.flush()

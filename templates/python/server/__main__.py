"""Runs the plugin with uvicorn until SIGTERM or SIGINT. README.md ("On your own account") lists the settings."""

import asyncio
import logging
import os
import signal
import socket
import sys
from types import FrameType

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

import index
from plugin.configure_logger import configure_logger
from plugin.settings import read_settings
from server.app import LARGEST_HEAD, App
from server.settings import WrongSettingError, read_secret_files, read_server_settings

NO_TRACE_ID = "0" * 32
HEAD_SECONDS = 10.0  # for the request line and all headers
SEND_SECONDS = 30.0  # for a client to read the last response of a connection
KEEP_ALIVE_SECONDS = 75  # longer than proxies keep a connection, so that they close it and not the server
LAST_SECONDS = 0.5  # for requests that are on their way when the server stops listening
MARGIN_SECONDS = 5  # for responses that are being sent at the end


class TimedProtocol(H11Protocol):
    """uvicorn's HTTP, with a limit for slow clients: uvicorn itself waits for the end of the headers for ever."""

    slow: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Start the time with the first bytes, and stop it when the application has the request."""
        super().data_received(data)
        if self.conn.our_state in {h11.SEND_RESPONSE, h11.SEND_BODY}:
            self.stop_waiting()
        elif self.slow is None:
            self.slow = self.loop.call_later(HEAD_SECONDS, self.give_up)

    def on_response_complete(self) -> None:
        """Limit the time for reading the response, or for the next request if a part of it is there already."""
        super().on_response_complete()
        if self.transport.is_closing():
            self.loop.call_later(SEND_SECONDS, self.transport.abort)
        elif self.conn.our_state is h11.IDLE and self.conn.trailing_data[0] and self.slow is None:
            self.slow = self.loop.call_later(HEAD_SECONDS, self.give_up)

    def give_up(self) -> None:
        """Answer 408 if nothing was answered yet, and close the connection."""
        if self.conn.our_state is h11.IDLE:
            self.transport.write(b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        self.timeout_keep_alive_handler()

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection, also when the client does not read its response."""
        super().timeout_keep_alive_handler()
        self.loop.call_later(SEND_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self.stop_waiting()
        super().connection_lost(exc)

    def stop_waiting(self) -> None:
        """Stop the time."""
        if self.slow is not None:
            self.slow.cancel()
            self.slow = None


class DrainingServer(uvicorn.Server):
    """uvicorn, which answers every request before it stops.

    After SIGTERM, ``/health`` says 503, so that a proxy sends new calls elsewhere. Calls are still answered, and each
    response closes its connection. Then the server stops listening, and answers what is on its way.
    """

    def __init__(self, app: App, config: uvicorn.Config) -> None:
        """Take the application, whose ``draining`` is set after a signal."""
        super().__init__(config)
        self.app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop after SIGTERM or SIGINT, and at once after a second SIGINT (Ctrl-C)."""
        del frame
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and log the address."""
        await super().startup(sockets)
        host, port = self.servers[0].sockets[0].getsockname()[:2]
        logging.getLogger("plugin").info("Listening on http://%s:%d", host, port)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, step by step."""
        self.app.draining = True
        if not self.force_exit:
            await asyncio.sleep(self.app.settings.drain)
        for server in self.servers:
            server.close()
        await asyncio.sleep(LAST_SECONDS)
        await super().shutdown(sockets)


def main() -> None:
    """Run the server."""
    try:
        read_secret_files(os.environ)
        settings = read_server_settings(os.environ)
    except WrongSettingError as error:
        sys.exit(str(error))
    app = App(index.handler, settings)
    log = configure_logger(read_settings(os.environ), NO_TRACE_ID)
    make_server(app).run()
    log.info("Stopped; %d calls were given up", len(app.late))
    if app.late:
        os._exit(0)  # without waiting for threads that nobody waits for


def make_server(app: App) -> DrainingServer:
    """Return uvicorn with the settings that this plugin needs."""
    config = uvicorn.Config(
        app,
        host=app.settings.host,
        port=app.settings.port,
        http=TimedProtocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,  # its log goes through the plugin's
        access_log=False,  # it would contain paths
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=LARGEST_HEAD,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=int(app.settings.timeout) + MARGIN_SECONDS,
    )
    return DrainingServer(app, config)


if __name__ == "__main__":
    main()

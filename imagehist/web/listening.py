"""How connections are kept: silent ones closed, broken requests answered as problems, uploads let finish."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMethod, HttpProcessingError

from ..model.faults import BadRequest, MethodNotAllowed
from .problems import internal_error, of_http, problem_response

BACKLOG = 1024
_ODD_METHOD = re.compile(r"b'[A-Za-z-]{1,32} \S+ HTTP/1\.[01]")


class Times(NamedTuple):
    """Seconds: a connection may be silent, a reader may take nothing, the rest of a refused body is
    read so that the refusal arrives, requests may go on after the stop."""

    silent: float = 15.0
    stalled: float = 30.0
    lingering: float = 5.0
    stopping: float = 30.0


USUAL_TIMES = Times()


class Connection(web.RequestHandler):
    """One connection of a browser or script."""

    __slots__ = ("_stall", "_times")

    def __init__(self, server: web.Server, times: Times) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # None means none, whatever is annotated
            keepalive_timeout=times.silent,
            lingering_time=times.lingering,
            auto_decompress=False,
        )
        self._times = times
        self._stall: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        """Whether a request is being answered."""
        return self._request_in_progress

    def data_received(self, data: bytes) -> None:
        """Take bytes; the body of a request under way is taken also when the server stops."""
        rest_of_a_body = self._close and self.busy
        self._close = self._close and not rest_of_a_body
        try:
            super().data_received(data)
        finally:
            self._close = self._close or rest_of_a_body

    def pause_writing(self) -> None:
        """The client does not read: wait for it, but not for ever."""
        super().pause_writing()
        if self.transport is not None:
            self._stall = self._loop.call_later(self._times.stalled, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        self._forget_stall()

    def connection_lost(self, exc: BaseException | None) -> None:
        """The end."""
        self._forget_stall()
        super().connection_lost(exc)

    def _forget_stall(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer; a refusal that no middleware saw becomes a problem, too."""
        if isinstance(resp, web.HTTPException) and resp.status >= 400:
            resp = problem_response(of_http(resp))
        return await super().finish_response(request, resp, start_time)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what is not HTTP, or to a bug outside every handler; the connection ends."""
        if request.writer.output_size > 0:
            raise ConnectionError("a part of the answer is sent already")
        response = _told(exc) if isinstance(exc, HttpProcessingError) else internal_error(request, exc)
        response.force_close()
        return response


def _told(error: HttpProcessingError) -> web.Response:
    if isinstance(error, BadHttpMethod) and _ODD_METHOD.search(error.message):
        return problem_response(
            MethodNotAllowed("There is no such method here.", allow="GET, HEAD, POST, PATCH")
        )
    return problem_response(BadRequest("This is not a well-formed HTTP request."))


def bound(host: str, port: int) -> socket.socket:
    """A socket on an address, on the same port again right after a crash. Raises OSError."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except OSError:
        sock.close()
        raise
    return sock


@asynccontextmanager
async def listening(
    app: web.Application, sock: socket.socket, times: Times = USUAL_TIMES
) -> AsyncIterator[None]:
    """Serve on a bound socket; at the end no new request is taken and those under way may finish."""
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
    await runner.setup()
    server = runner.server
    if server is None:
        raise RuntimeError("a runner that was set up has a server")
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(lambda: Connection(server, times), sock=sock, backlog=BACKLOG)
    try:
        yield
    finally:
        listener.close()
        server.pre_shutdown()
        await _finished(server, times.stopping)
        await runner.cleanup()


async def _finished(server: web.Server, seconds: float) -> None:
    """Wait until nothing is being answered, at most so long."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    # Nobody tells when a request is done, so this looks again and again.
    while loop.time() < end and any(isinstance(c, Connection) and c.busy for c in server.connections):  # noqa: ASYNC110
        await asyncio.sleep(0.02)

"""A client of bare sockets: says what no HTTP library would, and reads what comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from multidict import CIMultiDict

from tests.web.calling import Answer, Client, checked
from tests.web.running import Served

HOST = b"Host: localhost\r\n"


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def say(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def hear(self, seconds: float = 10.0) -> Answer | None:
        """The next answer, looked at as every other; None when the connection ended instead."""
        async with asyncio.timeout(seconds):
            try:
                head = await self.reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return None
            first, *lines = head.decode("latin-1").strip().split("\r\n")
            headers = CIMultiDict(line.split(": ", 1) for line in lines)
            body = await self.reader.readexactly(int(headers.get("Content-Length", "0")))
        return checked(Answer(int(first.split()[1]), headers, body))

    async def ended(self, seconds: float) -> bool:
        """Whether the server closes the connection in that time."""
        try:
            async with asyncio.timeout(seconds):
                while await self.reader.read(65_536):
                    pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True

    async def hang_up(self, rudely: bool = False) -> None:
        """Close the connection; rudely: reset it."""
        if rudely:
            self.writer.transport.abort()
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            pass


@asynccontextmanager
async def wire(port: int) -> AsyncIterator[Wire]:
    """A connection to a server."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    one = Wire(reader, writer)
    try:
        yield one
    finally:
        await one.hang_up()


async def exchange(port: int, data: bytes, seconds: float = 10.0) -> Answer | None:
    """Say something on a connection of its own and hear the answer."""
    async with wire(port) as one:
        await one.say(data)
        return await one.hear(seconds)


def head(method: str, path: str, *lines: str) -> bytes:
    """A request's head."""
    return (
        f"{method} {path} HTTP/1.1\r\n".encode()
        + HOST
        + "".join(f"{n}\r\n" for n in lines).encode()
        + b"\r\n"
    )


async def untouched(served: Served, client: Client) -> bool:
    """Whether nothing was added, nothing lies about, and the server is well."""
    return (served.staging(), served.users(), await client.listed()) == ([], [], [])


async def drip(one: Wire, data: bytes) -> None:
    """Send drop by drop, each in good time."""
    for byte in data:
        await one.say(bytes([byte]))
        await asyncio.sleep(0.1)

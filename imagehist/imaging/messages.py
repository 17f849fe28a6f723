"""The messages between server and imaging child: MessagePack with its length before it."""

from __future__ import annotations

import msgspec

from ..model import faults
from ..model.records import Inspection

MAX_REQUEST = 1 << 20
MAX_REPLY = 256 << 20
_FAULTS: dict[str, type[faults.Fault]] = {
    fault.__name__: fault
    for fault in (
        faults.FormatNotAllowed,
        faults.ImageCorrupt,
        faults.TooManyPixels,
        faults.TooManyFrames,
        faults.ProcessingFailed,
        faults.ProcessingTimeout,
    )
}


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One job: `inspect`, `resize` (with its width) or `thumb`, of the file at a path, within limits."""

    job: str
    path: str
    pixels: int
    frames: int
    width: int = 0


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a job, or that the child is ready; `rss` is its memory in bytes afterwards."""

    inspection: Inspection | None = None
    image: bytes = b""
    extension: str = ""
    fault: str = ""
    detail: str = ""
    rss: int = 0


def framed(message: Request | Reply) -> bytes:
    """A message with its length in four bytes before it."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(4, "big") + body


def decode_request(body: bytes) -> Request:
    """Raises ValueError for what is not a request."""
    return msgspec.msgpack.decode(body, type=Request)


def decode_reply(body: bytes) -> Reply:
    """Raises ValueError for what is not a reply."""
    return msgspec.msgpack.decode(body, type=Reply)


def raise_fault(reply: Reply) -> None:
    """Raise the fault a reply names; an unknown name is ProcessingFailed."""
    if reply.fault:
        raise _FAULTS.get(reply.fault, faults.ProcessingFailed)(reply.detail)

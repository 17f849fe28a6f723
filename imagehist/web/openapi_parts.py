"""The words operations are written in: parameters, bodies, answers, and refusals that go together."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from ..model import faults
from ..model.faults import Fault

BINARY = "binary"
EXAMPLE_ID = "0123456789abcdef0123456789abcdef"
"""Stands in examples for an id that exists."""

Faults = tuple[type[Fault], ...]


class Parameter(NamedTuple):
    """A value in the query, the path or a header."""

    name: str
    kind: Any
    about: str
    example: Any = None
    place: Literal["query", "path", "header"] = "query"
    required: bool = False


class Body(NamedTuple):
    """A way to send a body; `shape` is a type, or BINARY."""

    media: str
    shape: Any
    example: Any = None


class Answer(NamedTuple):
    """A good answer; `shape` is a type, BINARY or None."""

    status: int
    about: str
    shape: Any = None
    media: str = "application/json"


class Operation(NamedTuple):
    """One address with one method. `about` is the handler's docstring unless it is given here."""

    id: str
    summary: str
    group: str
    answers: tuple[Answer, ...]
    faults: Faults = ()
    parameters: tuple[Parameter, ...] = ()
    bodies: tuple[Body, ...] = ()
    about: str = ""
    anonymous: bool = False


EVERYWHERE: Faults = (faults.BadRequest, faults.BadEncoding, faults.BadHost, faults.EncodingNotSupported)
CALLER: Faults = (
    faults.BadToken,
    faults.BadSession,
    faults.AmbiguousCookie,
    faults.BadOwner,
    faults.TooManyGuests,
    faults.TooManyTries,
)
DISK: Faults = (faults.Busy, faults.StorageReadOnly, faults.OutcomeUnknown, faults.StorageFull)
CHANGING: Faults = (faults.CrossSite, *DISK)
FILTERING: Faults = (faults.BadParameter, faults.FieldTooLong)
JSON: Faults = (
    *FILTERING,
    faults.BadJson,
    faults.BadEncoding,
    faults.UnsupportedMediaType,
    faults.RequestTooLarge,
    faults.SlowClient,
)
DECODING: Faults = (
    faults.FormatNotAllowed,
    faults.ImageCorrupt,
    faults.TooManyPixels,
    faults.TooManyFrames,
    faults.ProcessingTimeout,
    faults.ProcessingFailed,
)
UPLOADING: Faults = (
    *JSON,
    *DECODING,
    *CHANGING,
    faults.BadMultipart,
    faults.MetaMismatch,
    faults.EmptyFile,
    faults.FileTooLarge,
    faults.TooManyParts,
    faults.NothingAccepted,
    faults.IdempotencyConflict,
)

"""Everything that can be refused or go wrong on purpose, named once and without any transport."""

from __future__ import annotations

from typing import Any, ClassVar


class Fault(Exception):
    """A refusal with a stable code, a sentence for people and fields that help a client."""

    code: ClassVar[str] = "FAULT"

    def __init__(self, detail: str, **fields: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = fields


class BadRequest(Fault):
    """The request cannot be understood as HTTP or as what the route asks for."""

    code = "BAD_REQUEST"


class BadParameter(Fault):
    """A query parameter or field has a value outside what it may have; `field` names it."""

    code = "BAD_PARAMETER"


class BadJson(Fault):
    """The body is not the strict JSON the route asks for."""

    code = "BAD_JSON"


class BadEncoding(Fault):
    """Text that is not UTF-8, or names an unknown charset."""

    code = "BAD_ENCODING"


class BadMultipart(Fault):
    """The multipart body is malformed."""

    code = "BAD_MULTIPART"


class BadCursor(Fault):
    """A page cursor that this library did not sign, or for other filters."""

    code = "BAD_CURSOR"


class BadQuery(Fault):
    """The search text cannot be read; `position` says where."""

    code = "BAD_QUERY"


class BadOwner(Fault):
    """An owner name outside the allowed form."""

    code = "BAD_OWNER"


class MetaMismatch(Fault):
    """The `meta` array has another number of elements than there are files."""

    code = "META_MISMATCH"


class FieldTooLong(Fault):
    """A field is longer than its limit; `field` and `limit` say which and how much."""

    code = "FIELD_TOO_LONG"


class AmbiguousCookie(Fault):
    """The identity cookie came twice."""

    code = "AMBIGUOUS_COOKIE"


class EmptyFile(Fault):
    """A file of zero bytes."""

    code = "EMPTY_FILE"


class BadSession(Fault):
    """The identity cookie has a bad signature, is too old or comes from the future."""

    code = "BAD_SESSION"


class BadToken(Fault):
    """A bearer token that is not one of ours, or has no right here."""

    code = "BAD_TOKEN"


class CrossSite(Fault):
    """A changing request that another site's page may have sent."""

    code = "CROSS_SITE"


class QuotaExceeded(Fault):
    """The owner's quota has no room; `usage`, `limit` and `reclaimable` say how much."""

    code = "QUOTA_EXCEEDED"


class NotFound(Fault):
    """There is no such thing, or it belongs to somebody else."""

    code = "NOT_FOUND"


class MethodNotAllowed(Fault):
    """The route exists, the method does not."""

    code = "METHOD_NOT_ALLOWED"


class SlowClient(Fault):
    """The body arrives too slowly to wait for."""

    code = "SLOW_CLIENT"


class IdempotencyConflict(Fault):
    """The Idempotency-Key was used before with other bytes."""

    code = "IDEMPOTENCY_CONFLICT"


class SelectionChanged(Fault):
    """A selection matches another number of images than the client expected."""

    code = "SELECTION_CHANGED"


class CannotUndo(Fault):
    """Nothing of that entry can be undone any more."""

    code = "CANNOT_UNDO"


class PreconditionFailed(Fault):
    """`If-Match` names another revision than the present one."""

    code = "PRECONDITION_FAILED"


class RangeNotSatisfiable(Fault):
    """The asked byte range lies outside the file."""

    code = "RANGE_NOT_SATISFIABLE"


class FileTooLarge(Fault):
    """One file is over the limit per file."""

    code = "FILE_TOO_LARGE"


class RequestTooLarge(Fault):
    """The whole body is over the limit per request."""

    code = "REQUEST_TOO_LARGE"


class TooManyParts(Fault):
    """More parts in one multipart body than allowed."""

    code = "TOO_MANY_PARTS"


class FormatNotAllowed(Fault):
    """The bytes are not one of the allowed image formats, whatever their name says."""

    code = "FORMAT_NOT_ALLOWED"


class UnsupportedMediaType(Fault):
    """The body has a Content-Type this route does not take."""

    code = "UNSUPPORTED_MEDIA_TYPE"


class EncodingNotSupported(Fault):
    """The body has a Content-Encoding; bodies are taken as they are."""

    code = "ENCODING_NOT_SUPPORTED"


class BadHost(Fault):
    """The Host header is not one this server answers to."""

    code = "BAD_HOST"


class ImageCorrupt(Fault):
    """The image cannot be decoded to its last pixel."""

    code = "IMAGE_CORRUPT"


class TooManyPixels(Fault):
    """Width times height is over the limit."""

    code = "TOO_MANY_PIXELS"


class TooManyFrames(Fault):
    """The animation has more frames than allowed."""

    code = "TOO_MANY_FRAMES"


class ProcessingTimeout(Fault):
    """Decoding took longer than an image may take."""

    code = "PROCESSING_TIMEOUT"


class ProcessingFailed(Fault):
    """The decoder died on this image."""

    code = "PROCESSING_FAILED"


class NothingAccepted(Fault):
    """None of several uploaded files was accepted; `rejected` says why, one by one."""

    code = "NOTHING_ACCEPTED"


class TooManyGuests(Fault):
    """Too many new guests from one address in a minute."""

    code = "TOO_MANY_GUESTS"


class TooManyTries(Fault):
    """Too many wrong tokens from one address."""

    code = "TOO_MANY_TRIES"


class Busy(Fault):
    """The owner's library is held by another process for longer than a request waits."""

    code = "BUSY"


class StorageReadOnly(Fault):
    """The disk refuses writes, or a write's outcome is unknown until recovery."""

    code = "STORAGE_READ_ONLY"


class OutcomeUnknown(Fault):
    """The line was written but its fsync failed: the change may or may not be there."""

    code = "OUTCOME_UNKNOWN"


class StorageFull(Fault):
    """The disk has no room; nothing half-written stays."""

    code = "STORAGE_FULL"


class RootMissing(Fault):
    """The library's sentinel is not there: an unmounted or foreign folder."""

    code = "ROOT_MISSING"


class FormatNewer(Fault):
    """The library was written by a newer version than this one can read."""

    code = "FORMAT_NEWER"


class BadSettings(Fault):
    """The settings have mistakes; `mistakes` lists all of them."""

    code = "BAD_SETTINGS"


def every_fault() -> list[type[Fault]]:
    """All faults with a code of their own, in the order they are written here."""
    return [kind for kind in Fault.__subclasses__() if kind.__module__ == __name__]

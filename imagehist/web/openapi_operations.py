"""What each address of the API takes, answers and refuses, in one table."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from ..model import faults
from . import openapi_shapes as shapes
from .openapi_parts import (
    BINARY,
    CALLER,
    CHANGING,
    DECODING,
    EXAMPLE_ID,
    FILTERING,
    JSON,
    UPLOADING,
    Answer,
    Body,
    Operation,
    Parameter,
)
from .openapi_record import Image
from .outputs import PREVIEW_WIDTHS
from .parameters import DEFAULT_SIZE, MAX_SIZE

IMAGE_ID = Parameter("id", str, "Id of the image.", EXAMPLE_ID, "path")
SIZE = Parameter(
    "size",
    Annotated[int, msgspec.Meta(ge=1, le=MAX_SIZE)],
    f"Items a page; {DEFAULT_SIZE} when left out.",
    20,
)
PAGE = Parameter("page", Annotated[int, msgspec.Meta(ge=1)], "Number of the page, from 1.", 1)
TIME = Parameter(
    "time", str, "An RFC 3339 time with its zone.", "2026-11-17T12:00:00Z", "query", required=True
)
FILTERS = (
    Parameter("status", shapes.STATUS, "Where the images are; `active` when left out.", "active"),
    Parameter(
        "kind",
        shapes.KIND,
        "Which kind of image; `output` when left out.",
        "all",
    ),
    Parameter("q", str, "Part of a prompt, model, tag, note, seed, file name …, whatever the case.", "light"),
    Parameter("tag", list[str], "A tag the image has; repeat it to ask for several at once.", ["sea"]),
    Parameter("workflow_id", str, "Exactly this workflow.", "portrait-v2"),
    Parameter("aspect_ratio", str, "Exactly this ratio.", "4:3"),
    Parameter("favorite", bool, "Only favourites, or only others.", True),
    Parameter("from", str, "First day, YYYY-MM-DD, in `tz`.", "2020-01-31"),
    Parameter("to", str, "Last day, YYYY-MM-DD, in `tz`.", "2099-12-31"),
    Parameter("tz", str, "IANA time zone that days are meant in; UTC when left out.", "Asia/Seoul"),
    Parameter("order", shapes.ORDER, "Which come first.", "newest"),
)
LISTING = (
    *FILTERS,
    PAGE,
    SIZE,
    Parameter("cursor", str, "`next_cursor` of the page before, with the same filters."),
    Parameter("total", bool, "`false` spares the count.", False),
)
CACHING = (Parameter("If-None-Match", str, "An ETag: 304 when the bytes are still these.", '"0"', "header"),)
RANGES = (
    *CACHING,
    Parameter("Range", str, "One range of bytes: `bytes=0-1023`.", "bytes=0-9", "header"),
    Parameter("If-Range", str, "An ETag: the range counts only for these bytes.", '"0"', "header"),
    Parameter("download", str, "Given with any value: served as an attachment.", "1"),
)
VERSION = Parameter("v", str, "Version of a thumb: with the right one it may be cached for ever.", "0")
BYTES = Answer(200, "The bytes.", BINARY, "image/*")
SIDECAR = Answer(200, "", dict[str, Any])
UNCHANGED = Answer(304, "The bytes are those the client has.")
PART = Answer(206, "The asked range.", BINARY, "image/*")
PATCH_EXAMPLE = {"favorite": True, "add_tags": ["sea"], "rating": 4, "note": "the one with the light"}
META_EXAMPLE = {"prompt": "a lighthouse at dusk", "seed": "42", "tags": ["sea"], "workflow_id": "portrait-v2"}

OPERATIONS: dict[tuple[str, str], Operation] = {
    ("GET", "/health"): Operation(
        "health",
        "Is it up?",
        "server",
        (Answer(200, "`Server is up`.", str, "text/plain"),),
        anonymous=True,
    ),
    ("GET", "/api/v1/openapi.json"): Operation(
        "describe",
        "This description",
        "server",
        (Answer(200, "OpenAPI 3.1.", dict[str, Any]),),
        anonymous=True,
    ),
    ("GET", "/api/v1/me"): Operation(
        "me", "Who am I?", "owner", (Answer(200, "The caller and the library.", shapes.Me),), CALLER
    ),
    ("GET", "/api/v1/images"): Operation(
        "listImages",
        "List images",
        "images",
        (Answer(200, "One page.", shapes.ImagePage),),
        (*CALLER, *FILTERING, faults.BadCursor),
        LISTING,
    ),
    ("POST", "/api/v1/images"): Operation(
        "addImages",
        "Add images",
        "images",
        (Answer(201, "At least one was accepted; each is durable.", shapes.Uploaded),),
        (*CALLER, *UPLOADING),
        (
            Parameter("filename", str, "File name of a bare image.", "lighthouse.png"),
            Parameter("Idempotency-Key", str, "Sent again, it answers as before.", "a1", "header"),
            Parameter("X-Meta", str, "For a bare image: its meta as JSON.", '{"seed":"42"}', "header"),
        ),
        (
            Body("multipart/form-data", shapes.UploadMeta, META_EXAMPLE),
            Body("image/*", BINARY),
        ),
    ),
    ("POST", "/api/v1/images/bulk"): Operation(
        "changeImages",
        "Change many images at once",
        "images",
        (Answer(200, "Done, as one line of history.", shapes.ManyChanged),),
        (*CALLER, *CHANGING, *JSON, faults.SelectionChanged),
        bodies=(Body("application/json", shapes.Bulk, {"action": "favorite", "ids": [EXAMPLE_ID]}),),
    ),
    ("GET", "/api/v1/images/{id}"): Operation(
        "getImage",
        "Read one image's record",
        "images",
        (Answer(200, "The record.", Image),),
        (*CALLER, faults.BadParameter, faults.NotFound),
        (IMAGE_ID, Parameter("history", bool, "Whether to add its past.", True)),
    ),
    ("PATCH", "/api/v1/images/{id}"): Operation(
        "changeImage",
        "Change one image",
        "images",
        (Answer(200, "The record as it is now.", Image),),
        (*CALLER, *CHANGING, *JSON, faults.NotFound, faults.PreconditionFailed),
        (IMAGE_ID, Parameter("If-Match", str, "Change only this `rev`.", "*", "header")),
        (Body("application/json", shapes.Patch, PATCH_EXAMPLE),),
    ),
    ("POST", "/api/v1/images/{id}/delete"): Operation(
        "trashImage",
        "Move one image to the trash",
        "images",
        (Answer(200, "It is in the trash.", shapes.Changed),),
        (*CALLER, *CHANGING, faults.NotFound),
        (IMAGE_ID,),
    ),
    ("POST", "/api/v1/images/{id}/restore"): Operation(
        "restoreImage",
        "Take one image out of the trash",
        "images",
        (Answer(200, "It is active.", shapes.Changed),),
        (*CALLER, *CHANGING, faults.NotFound),
        (IMAGE_ID,),
    ),
    ("GET", "/api/v1/images/{id}/file"): Operation(
        "readOriginal",
        "Read an original",
        "bytes",
        (BYTES, PART, UNCHANGED),
        (*CALLER, faults.NotFound, faults.RangeNotSatisfiable),
        (IMAGE_ID, *RANGES),
        about="The bytes as they came, unchanged.",
    ),
    ("GET", "/api/v1/images/{id}/thumb"): Operation(
        "readThumb",
        "Read a thumb",
        "bytes",
        (BYTES, UNCHANGED),
        (*CALLER, *DECODING, faults.NotFound),
        (IMAGE_ID, VERSION, *CACHING),
        about="At most 384 pixels a side; made again when it is missing.",
    ),
    ("GET", "/api/v1/images/{id}/preview"): Operation(
        "readPreview",
        "Read a preview",
        "bytes",
        (BYTES, UNCHANGED),
        (*CALLER, *DECODING, faults.NotFound, faults.BadParameter),
        (
            IMAGE_ID,
            Parameter("w", Literal[PREVIEW_WIDTHS], "Pixels across; 1280 when left out.", 640),
            *CACHING,
        ),
        about="A WebP of at most that many pixels across, upright, never enlarged; made when asked for.",
    ),
    ("GET", "/api/v1/history"): Operation(
        "listHistory",
        "List what happened",
        "history",
        (Answer(200, "One page.", shapes.HistoryPage),),
        (*CALLER, faults.BadParameter),
        (PAGE, SIZE),
    ),
    ("GET", "/api/v1/history/at"): Operation(
        "listThen",
        "List the library as it was",
        "history",
        (Answer(200, "One page.", shapes.ThenPage),),
        (*CALLER, faults.BadParameter),
        (TIME, PAGE, SIZE),
        about="Active images as they were then, newest first. What was purged since is not there any more.",
    ),
    ("POST", "/api/v1/history/{seq}/undo"): Operation(
        "undo",
        "Take one line of history back",
        "history",
        (Answer(200, "What could be taken back was, as a new line.", shapes.ManyChanged),),
        (*CALLER, *CHANGING, faults.NotFound, faults.CannotUndo),
        (Parameter("seq", int, "Number of the line.", 1, "path"),),
    ),
    ("GET", "/outputs/{key}"): Operation(
        "readKey",
        "Read an original, thumb or sidecar at its key",
        "bytes",
        (BYTES, SIDECAR, PART, UNCHANGED),
        (*CALLER, *DECODING, faults.NotFound, faults.RangeNotSatisfiable),
        (
            Parameter("key", str, "`url` or `thumb_url` of a record lead here.", None, "path"),
            VERSION,
            *RANGES,
        ),
        about="The same bytes as by id, at their key, to their owner alone. Sidecars are JSON.",
    ),
}

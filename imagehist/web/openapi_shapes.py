"""The shapes of bodies and answers beside the record, as the API describes them."""

from __future__ import annotations

import types
from typing import Annotated, Any, Literal

import msgspec

from ..intake import Meta
from .openapi_record import MEANINGS, Image, ImageInList


def shape(name: str, about: str, /, **fields: Any) -> Any:
    """A JSON object with these fields."""
    made = msgspec.defstruct(name, list(fields.items()), kw_only=True, module=__name__)
    made.__doc__ = about
    return made


def maybe(kind: Any, about: str = "") -> Any:
    """A field that may be left out."""
    return (said(kind, about) if about else kind) | msgspec.UnsetType


def said(kind: Any, about: str) -> Any:
    """A type with a sentence about it."""
    return Annotated[kind, msgspec.Meta(description=about)]


def list_of(kind: Any) -> Any:
    """A list of a shape."""
    return types.GenericAlias(list, (kind,))


STATUS = Literal["active", "trash"]
KIND = Literal["output", "control", "input", "all"]
ORDER = Literal["newest", "oldest", "largest", "trashed"]
ACTION = Literal["delete", "restore", "favorite", "unfavorite", "tag", "untag"]
COUNT = Annotated[int, msgspec.Meta(ge=0)]
SEQ = said(int | None, "Number of the line of history; null when nothing had to change.")

Failure = shape(
    "Failure",
    "An image that the call left as it was.",
    id=str,
    code=said(str, "`NOT_FOUND` or `CHANGED_SINCE`."),
    detail=str,
)
ImagePage = shape(
    "ImagePage",
    "One page of images.",
    items=list_of(ImageInList),
    page=COUNT,
    size=COUNT,
    total=said(COUNT | None, "How many match; null with `total=false`."),
    next_cursor=said(str | None, "Send it as `cursor` for the next page; null at the end."),
    as_of=said(COUNT, "Last line of history this page knows of; send it back in a `select`."),
)
Rejected = shape(
    "Rejected",
    "A file that was not accepted, and why. Fields that help, like `limit`, may stand beside.",
    filename=str | None,
    code=str,
    detail=str,
)
Uploaded = shape(
    "Uploaded",
    "What became of an upload, in the order of the files.",
    items=list_of(Image),
    rejected=list_of(Rejected),
)
Changed = shape(
    "Changed",
    "What a call changed in one image.",
    changed=said(int, "1, or 0 when the image already was as asked."),
    seq=SEQ,
    image=Image,
)
ManyChanged = shape(
    "ManyChanged",
    "What a call changed in many images.",
    changed=said(COUNT, "How many images really changed."),
    seq=SEQ,
    failed=list_of(Failure),
)
HistoryEntry = shape(
    "HistoryEntry",
    "One line of history.",
    seq=COUNT,
    at=said(str, "When, RFC 3339 in UTC."),
    by=said(str, "Who: `guest`, `generator`, `admin`; `file`, `recovery` or `system` for the server itself."),
    op=said(str, "`add`, `adopt`, `set`, `undo`, `purge` or `relink`."),
    count=said(COUNT, "How many images it was about."),
    summary=said(str, "What it did, in one word: added, trashed, restored, favorite, tagged …"),
    undoable=said(bool, "Whether undoing it can still make sense."),
    undoes=said(int | None, "The line this one took back."),
    undone_by=said(int | None, "The line that took this one back."),
)
HistoryPage = shape(
    "HistoryPage",
    "One page of history, newest first.",
    items=list_of(HistoryEntry),
    page=COUNT,
    size=COUNT,
    total=COUNT,
)
ThenPage = shape(
    "ThenPage",
    "One page of the library as it was, newest first.",
    items=list_of(Image),
    page=COUNT,
    size=COUNT,
    total=COUNT,
    as_of=said(COUNT, "The last line of history before that time."),
)
Usage = shape("Usage", "Bytes of originals and number of images, trash included.", bytes=COUNT, count=COUNT)
Quota = shape("Quota", "Most bytes and images; null is no limit.", bytes=int | None, count=int | None)
Trash = shape("Trash", "What lies in the trash.", count=COUNT, bytes=COUNT, retention_days=COUNT)
Me = shape(
    "Me",
    "Who the caller is and what the library holds.",
    user_id=said(str, "The owner's name."),
    role=said(str, "`guest` or `admin`."),
    usage=Usage,
    quota=Quota,
    trash=Trash,
)
Problem = shape(
    "Problem",
    "A refusal (RFC 9457). Fields that help, like `field`, `limit` or `retry_after`, may stand beside.",
    type=str,
    title=str,
    status=int,
    detail=said(str, "A sentence for people."),
    code=said(str, "A stable word for programs."),
)

Patch = shape(
    "Patch",
    "Fields to change; what is left out stays.",
    tags=maybe(list[str] | None, "All tags, instead of the present ones."),
    add_tags=maybe(list[str] | None, "Tags to add."),
    remove_tags=maybe(list[str] | None, "Tags to take away."),
    favorite=maybe(bool | None),
    rating=maybe(Annotated[int, msgspec.Meta(ge=0, le=5)] | None),
    note=maybe(Annotated[str, msgspec.Meta(max_length=10_000)] | None),
)
Select = shape(
    "Select",
    "Images by query: the filters of the list with the same meaning.",
    status=maybe(STATUS),
    kind=maybe(KIND),
    q=maybe(str),
    tag=maybe(list[str] | str),
    workflow_id=maybe(str),
    aspect_ratio=maybe(str),
    favorite=maybe(bool),
    order=maybe(ORDER),
    tz=maybe(str),
    **{
        "from": maybe(str, "First day, YYYY-MM-DD."),
        "to": maybe(str, "Last day, YYYY-MM-DD."),
        "except": maybe(list[str], "Ids to spare."),
    },
    as_of=maybe(int | None, "Spare what was added after this line of history."),
)
Bulk = shape(
    "Bulk",
    "One change of many images; give either `ids` or `select`.",
    action=said(ACTION, "What to do with each image."),
    ids=maybe(list[str], "At most 200,000."),
    select=maybe(Select | None),
    tags=maybe(list[str], "For `tag` and `untag`."),
    expect=maybe(int | None, "Refuse when the selection has another size (409)."),
)


def _meta_fields() -> dict[str, Any]:
    kinds = {field.name: field.type for field in msgspec.structs.fields(Meta)}
    kinds |= {"seed": str | int | None, "workflow": dict[str, Any] | None}
    return {name: maybe(kind, MEANINGS[name]) for name, kind in kinds.items()}


UploadMeta = shape(
    "UploadMeta",
    "What the client knows about an image; each value beats what is found in its bytes.",
    **_meta_fields(),
)

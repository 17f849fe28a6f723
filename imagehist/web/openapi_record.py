"""The record as the API describes it: a sentence for each field, and the shapes answers give it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from ..model.records import HEAVY, ImageRecord

MEANINGS: dict[str, str] = {
    "id": "Name of the image: 32 lower-case hex digits of a random UUID. Never given out twice.",
    "owner": "Whose library it is in: `anon-` and 32 hex digits, or a member's name.",
    "key": "Where the original lies below the root. Its day is that of `created_at` in UTC.",
    "kind": "`output` (made or uploaded), `control` (control image) or `input` (source picture).",
    "workflow_id": "The client's name for the workflow that made it.",
    "aspect_ratio": "`W:H`: as sent, else the nearest common ratio within 2 %, else the reduced fraction.",
    "seed": "Seed of the sampler, as a string of digits: it may need more than 53 bits.",
    "prompt": "What the image was asked to show.",
    "negative_prompt": "What it was asked not to show.",
    "model": "Name of the checkpoint.",
    "sampler": "Name of the sampler.",
    "scheduler": "Name of the noise schedule.",
    "steps": "Sampling steps.",
    "cfg": "Guidance scale.",
    "loras": "Names of the LoRAs in use.",
    "tool": "Which program wrote the embedded story: `a1111`, `comfyui` or nothing.",
    "original_filename": "The file name it arrived with, without any path; at most 200 bytes.",
    "mime": "Media type found by the decoder, not by the name.",
    "bytes": "Size of the original.",
    "sha256": "SHA-256 of the original, lower-case hex.",
    "crc32": "CRC-32 of the original, 8 lower-case hex digits.",
    "created_at": "When it was made, if the client said so; else when it arrived.",
    "status": "`active` or `trash`.",
    "trashed_at": "When it went to the trash; null while it is active.",
    "thumb": "Where the thumb lies below the root.",
    "thumb_crc32": "CRC-32 of the thumb as it was first made; it stands in the thumb's address.",
    "tags": "Up to 100 tags of up to 100 characters, in their order, no doubles whatever the case.",
    "favorite": "Whether it is marked as a favourite.",
    "rating": "0 (none) to 5.",
    "note": "Free text, up to 10,000 characters.",
    "rev": "`seq` of the last line of history that touched the record.",
    "width": "Pixels across, upright (after EXIF orientation).",
    "height": "Pixels down, upright.",
    "frames": "1, or the frames of an animation.",
    "derived_from": "Ids of the images it was made from.",
    "duplicate_of": "The oldest image of the owner with the same bytes, when it was added.",
    "phash": "Perceptual hash; null where none was made.",
    "pixel_sha256": "SHA-256 of the decoded pixels; null where none was made.",
    "thumbhash": "A blurred placeholder of about 25 bytes, in Base64.",
    "source": "How it came: `upload`, `generator`, or `recovered` from a file that no line explained.",
    "upload_source": "The client program, where it is known.",
    "source_path": "The path it was imported from, where it was.",
    "public_url": "Its address outside, where it has one.",
    "provenance": "Where each value comes from: `sent`, `embedded` in the file, or `traced` through a graph.",
    "comfy_inputs": "Names of the ComfyUI input files it was made from.",
    "idempotency_key": "The Idempotency-Key of the upload that brought it.",
    "texts": "Every text of a graph that could not be traced to a prompt, so that searches find it.",
    "workflow": "The workflow graph as the file held it, or as sent.",
}
"""What each field of a record means, for this API and for the format specification."""

ADDRESSES: dict[str, Any] = {
    "url": Annotated[str, msgspec.Meta(description="Address of the original, from the root of the server.")],
    "thumb_url": Annotated[
        str | None, msgspec.Meta(description="Address of the thumb with its version, if it has one.")
    ],
    "preview_url": Annotated[str, msgspec.Meta(description="Address of a larger WebP; add `?w=`.")],
}

_TIME = msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
_FORMS: dict[str, Any] = {
    "id": msgspec.Meta(pattern="^[0-9a-f]{32}$"),
    "sha256": msgspec.Meta(pattern="^[0-9a-f]{64}$"),
    "crc32": msgspec.Meta(pattern="^[0-9a-f]{8}$"),
    "created_at": _TIME,
}


def _described(name: str, kind: Any) -> Any:
    exact = Annotated[kind, _FORMS[name]] if name in _FORMS else kind
    return Annotated[exact, msgspec.Meta(description=MEANINGS[name])]


RECORD_TYPES: dict[str, Any] = {
    field.name: field.type for field in msgspec.structs.fields(ImageRecord) if field.name != "extra"
}
_RECORD = {name: _described(name, kind) for name, kind in RECORD_TYPES.items()}
_LIGHT = {name: kind for name, kind in _RECORD.items() if name not in HEAVY}

ImageInList = msgspec.defstruct("ImageInList", [*(_LIGHT | ADDRESSES).items()], kw_only=True, module=__name__)
"""A record in a list: without the fields that may be hundreds of kilobytes."""
ImageInList.__doc__ = "A record without `workflow` and `texts`, which may be large."

Image = msgspec.defstruct(
    "Image",
    [
        *(_RECORD | ADDRESSES).items(),
        ("missing", Annotated[bool, msgspec.Meta(description="True when the original is gone.")], False),
        (
            "history",
            Annotated[
                list[dict[str, Any]],
                msgspec.Meta(description="The lines that touched it, newest first, when asked for."),
            ],
            msgspec.field(default_factory=list),
        ),
    ],
    kw_only=True,
    module=__name__,
)
"""A whole record."""
Image.__doc__ = "A whole record. Keys of a newer version may stand beside these."

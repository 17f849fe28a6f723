"""Turns a picture's bytes into an upright thumb, a preview and a thumbhash with the best decoder at hand."""

from __future__ import annotations

import base64
import io
import struct
from types import ModuleType
from typing import NamedTuple

from PIL import Image, features

from . import by_pillow, by_vips, thumbhash
from .container import Container, corrupt

THUMB_SIDE = 384
_HASH_SIDE = 48
_QUALITY = 80
# Thumbs stay, so they get the effort of an ordinary WebP; below 3 they cost a tenth more bytes.
_THUMB_EFFORT, _PREVIEW_EFFORT = 3, 2
# Pillow's parsers let through whatever the broken bytes led to; all but a lack of memory means damage.
_DECODER_ERRORS = (
    *(OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, ArithmeticError, RuntimeError),
    *(AttributeError, AssertionError, struct.error),
)
_TRANSPOSED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Rendered(NamedTuple):
    """A thumb's bytes and extension, and the thumbhash in Base64."""

    thumb: bytes
    extension: str
    thumbhash: str


class Engine(NamedTuple):
    """The decoder in use: libvips where it is, and whether WebP can be written."""

    vips: ModuleType | None
    webp: bool


def engine(name: str = "auto") -> Engine:
    """libvips when it is installed (`auto`), or Pillow alone (`pillow`)."""
    return Engine(by_vips.load() if name == "auto" else None, bool(features.check("webp")))


def turned(container: Container) -> bool:
    """Whether the picture lies on its side as stored."""
    return (container.orientation or 1) >= 5


def rendered(engine: Engine, data: bytes, container: Container) -> Rendered:
    """Thumb and thumbhash from one full decode. Raises ImageCorrupt."""
    small = _upright(engine, data, container, (THUMB_SIDE, THUMB_SIDE))
    thumb, extension = _encoded(engine, small)
    return Rendered(thumb, extension, _hashed(small))


def thumb_again(engine: Engine, data: bytes, container: Container) -> tuple[bytes, str]:
    """A thumb's bytes and extension, of a file that was taken in before. Raises ImageCorrupt."""
    return _encoded(engine, _upright(engine, data, container, (THUMB_SIDE, THUMB_SIDE), hasty=True))


def preview(engine: Engine, data: bytes, container: Container, width: int) -> bytes:
    """At most `width` pixels across, upright, never enlarged. Raises ImageCorrupt."""
    longest = 10 * max(container.width, container.height)
    box = (longest, width) if turned(container) else (width, longest)
    return _encoded(engine, _upright(engine, data, container, box, hasty=True), _PREVIEW_EFFORT)[0]


def _upright(
    engine: Engine, data: bytes, container: Container, box: tuple[int, int], *, hasty: bool = False
) -> Image.Image:
    """The shrunk picture; `hasty` skips what only proves that it is whole, for files taken in before."""
    if engine.vips is not None and by_vips.handles(container):
        small = by_vips.shrunk(engine.vips, data, container, box, hasty=hasty)
    else:
        small = _by_pillow(data, container, box, hasty)
    turn = _TRANSPOSED.get(container.orientation or 1)
    return small if turn is None else small.transpose(turn)


def _by_pillow(data: bytes, container: Container, box: tuple[int, int], hasty: bool) -> Image.Image:
    try:
        return by_pillow.shrunk(data, container, box, hasty=hasty)
    except _DECODER_ERRORS as error:
        raise corrupt("its pixels cannot be decoded") from error


def _encoded(engine: Engine, image: Image.Image, effort: int = _THUMB_EFFORT) -> tuple[bytes, str]:
    target = io.BytesIO()
    if engine.webp:
        image.save(target, "WEBP", quality=_QUALITY, method=effort)
        return target.getvalue(), "webp"
    _on_white(image).save(target, "JPEG", quality=85)
    return target.getvalue(), "jpg"


def _on_white(image: Image.Image) -> Image.Image:
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    return ground


def _hashed(image: Image.Image) -> str:
    tiny = image.convert("RGBA")
    tiny.thumbnail((_HASH_SIDE, _HASH_SIDE), Image.Resampling.BOX)
    return base64.b64encode(thumbhash.encode(tiny.width, tiny.height, tiny.tobytes())).decode()


def warm(engine: Engine) -> None:
    """Load every decoder once, before the process limits its memory and its open files."""
    Image.init()
    for form in ("png", "jpeg", "webp", "avif", "gif"):
        source = io.BytesIO()
        Image.new("RGB", (2, 2)).save(source, form.upper())
        container = Container(form, 2, 2, spans=((0, len(source.getvalue())),))
        rendered(engine, source.getvalue(), container)

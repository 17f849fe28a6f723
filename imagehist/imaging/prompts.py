"""Finds out which generator wrote an image's texts and reads them in its dialect."""

from __future__ import annotations

from ..model.records import Generation
from . import a1111, exif
from .container import Container


def read(container: Container) -> tuple[Generation, list[str]]:
    """What the texts say about how the image was made, and warnings; never raises for what they hold."""
    texts = [*container.texts, *exif.texts(container.exif)]
    for key, text in texts:
        if key in ("parameters", "comment", "exif") and a1111.is_settings(text):
            return a1111.parse(text), []
    return Generation(), []

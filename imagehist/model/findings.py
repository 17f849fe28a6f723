"""What a look at a library finds wrong."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """One disagreement: what kind, of which owner and image, at which key."""

    kind: str
    owner: str
    id: str | None
    key: str

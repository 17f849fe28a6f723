"""What happened, in words: entries of the library and of one image as people read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from ..ports import Head
from .history import summary, undoable
from .languages import catalogue_of
from .page_days import local
from .page_texts import number
from .pages import Viewer


class Act(NamedTuple):
    """One thing that happened: its sign, sentence and details, when and by whom; the entries its button
    undoes; whether it was taken back."""

    sign: str
    text: str
    aside: str
    at: datetime
    by: str
    seqs: tuple[int, ...] = ()
    undone: bool = False
    images: int = 1


SIGNS: Mapping[str, str] = {
    "added": "plus",
    "adopted": "plus",
    "trashed": "trash",
    "restored": "restore",
    "favorite": "heart",
    "tagged": "tag",
    "rated": "star",
    "noted": "pencil",
    "purged": "x",
    "undone": "undo",
}


def by_whom(actor: str, language: str) -> str:
    """Who did it, from the viewer's side."""
    gettext = catalogue_of(language).gettext
    names = {
        "guest": gettext("by you"),
        "generator": gettext("by a generator"),
        "admin": gettext("by the admin"),
        "system": gettext("by the server"),
    }
    return names.get(actor, actor)


def head_act(head: Head, viewer: Viewer) -> Act:
    """An entry of the library's history."""
    what = summary(head)
    aside = ""
    if head.undoes is not None:
        aside = catalogue_of(viewer.language).gettext("takes back entry {n}").replace("{n}", str(head.undoes))
    return Act(
        SIGNS.get(what, "pencil"),
        sentence(what, head.images, viewer.language),
        aside,
        local(head.at, viewer.zone),
        by_whom(head.by, viewer.language),
        (head.seq,) if undoable(head) else (),
        head.undone_by is not None,
        head.images,
    )


def sentence(what: str, count: int, language: str) -> str:
    """What was done to how many images."""
    n = catalogue_of(language).ngettext
    forms: dict[str, Callable[[], str]] = {
        "added": lambda: n("%(num)s image added", "%(num)s images added", count),
        "adopted": lambda: n("%(num)s image added", "%(num)s images added", count),
        "trashed": lambda: n("%(num)s image moved to trash", "%(num)s images moved to trash", count),
        "restored": lambda: n("%(num)s image restored", "%(num)s images restored", count),
        "favorite": lambda: n("%(num)s favourite changed", "%(num)s favourites changed", count),
        "tagged": lambda: n("Tags of %(num)s image changed", "Tags of %(num)s images changed", count),
        "rated": lambda: n("%(num)s image rated", "%(num)s images rated", count),
        "noted": lambda: n("Note of %(num)s image saved", "Notes of %(num)s images saved", count),
        "purged": lambda: n("%(num)s image deleted for ever", "%(num)s images deleted for ever", count),
        "undone": lambda: n("Undone for %(num)s image", "Undone for %(num)s images", count),
    }
    text = forms.get(what, lambda: n("%(num)s image changed", "%(num)s images changed", count))()
    return text % {"num": number(language, count)}


def image_act(item: Mapping[str, Any], viewer: Viewer) -> Act:
    """A line of one image's past."""
    gettext = catalogue_of(viewer.language).gettext
    sign, text, aside = "plus", gettext("Added"), ""
    if item["op"] in ("set", "undo"):
        sign, text, aside = _changed(item, viewer.language)
    if item.get("undoes"):
        sign, text = "undo", f"{gettext('Undone')}: {text}"
    return Act(sign, text, aside, local(item["at"], viewer.zone), by_whom(item["by"], viewer.language))


def _changed(item: Mapping[str, Any], language: str) -> tuple[str, str, str]:
    gettext, to = catalogue_of(language).gettext, item["to"]
    if to.get("status") == "trash":
        return "trash", gettext("Moved to trash"), ""
    if "status" in to:
        return "restore", gettext("Restored"), ""
    if "favorite" in to:
        added = bool(to["favorite"])
        return "heart", gettext("Added to favourites") if added else gettext("Removed from favourites"), ""
    if "tags" in to:
        return "tag", gettext("Tags changed"), ", ".join(to["tags"]) or gettext("none")
    if "rating" in to:
        return "star", gettext("Rated"), "★" * to["rating"] or gettext("none")
    if "note" in to:
        return "pencil", gettext("Note saved"), ""
    return "pencil", gettext("Changed"), ", ".join(sorted(to))

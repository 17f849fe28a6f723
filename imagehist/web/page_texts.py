"""Numbers, sizes, days and sentences as a language writes them, for templates and for the scripts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from babel.dates import format_datetime, format_skeleton
from babel.numbers import format_decimal

from .languages import catalogue_of, locale_of

_UNITS = ("B", "kB", "MB", "GB", "TB")


def number(language: str, value: float) -> str:
    """A number with its separators, at most one digit behind the point."""
    return format_decimal(value, format="#,##0.#", locale=locale_of(language))


def size(language: str, count: int) -> str:
    """Bytes in the largest unit that leaves a whole part."""
    value, unit = float(count), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{number(language, value)} {_UNITS[unit]}"


@cache
def long_day(language: str, day: date, this_year: bool) -> str:
    """A day with its weekday, and its year where that is not the present one."""
    moment = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a day on the calendar has no zone
    return format_skeleton("MMMMEEEEd" if this_year else "yMMMMEEEEd", moment, locale=locale_of(language))


def clock(language: str, moment: datetime) -> str:
    """Hour and minute."""
    return format_datetime(moment, "HH:mm", locale=locale_of(language), tzinfo=moment.tzinfo)


def moment_text(language: str, moment: datetime) -> str:
    """Day and minute."""
    day = format_skeleton("yMMMMd", moment, locale=locale_of(language), tzinfo=moment.tzinfo)
    return f"{day} {clock(language, moment)}"


def filters(language: str) -> dict[str, Callable[..., str]]:
    """What templates may pipe values through."""
    return {
        "number": lambda value: number(language, value),
        "size": lambda value: size(language, value),
        "clock": lambda value: clock(language, value),
        "moment": lambda value: moment_text(language, value),
    }


def refusals(language: str) -> dict[str, str]:
    """Why a file or a change was refused, by code, for people."""
    gettext = catalogue_of(language).gettext
    return {
        "EMPTY_FILE": gettext("The file is empty"),
        "FILE_TOO_LARGE": gettext("The file is too large"),
        "REQUEST_TOO_LARGE": gettext("Too much at once; send fewer files"),
        "FORMAT_NOT_ALLOWED": gettext("Not an image this library can read"),
        "IMAGE_CORRUPT": gettext("The image is damaged"),
        "TOO_MANY_PIXELS": gettext("The image has too many pixels"),
        "TOO_MANY_FRAMES": gettext("The animation has too many frames"),
        "PROCESSING_TIMEOUT": gettext("Reading the image took too long"),
        "PROCESSING_FAILED": gettext("The image could not be read"),
        "QUOTA_EXCEEDED": gettext("There is no room left in this library"),
        "STORAGE_FULL": gettext("The disk is full; nothing was changed"),
        "STORAGE_READ_ONLY": gettext("The disk takes no changes right now"),
        "OUTCOME_UNKNOWN": gettext("Not certain whether this was saved; look again in a moment"),
        "BUSY": gettext("The server is busy; try again in a moment"),
        "BAD_SESSION": gettext("This browser has lost the key to its library"),
        "CANNOT_UNDO": gettext("This was changed since and cannot be undone"),
        "NOT_FOUND": gettext("This image is no longer here"),
        "OTHER": gettext("The server refused this"),
    }


def plural(language: str, one: str, other: str) -> dict[str, str]:
    """A sentence for one and for several, `{n}` where the number stands."""
    ngettext = catalogue_of(language).ngettext
    return {
        "one": ngettext(one, other, 1).replace("%(num)s", "{n}"),
        "other": ngettext(one, other, 2).replace("%(num)s", "{n}"),
    }


@cache
def done_words(language: str) -> Mapping[str, dict[str, str]]:
    """What a change did, by its word, for one image and for several."""
    told: Callable[[str, str], dict[str, str]] = lambda one, other: plural(language, one, other)  # noqa: E731
    return {
        "added": told("%(num)s image added", "%(num)s images added"),
        "trashed": told("%(num)s image moved to trash", "%(num)s images moved to trash"),
        "restored": told("%(num)s image restored", "%(num)s images restored"),
        "favored": told("%(num)s image added to favourites", "%(num)s images added to favourites"),
        "unfavored": told("%(num)s image removed from favourites", "%(num)s images removed from favourites"),
        "tagged": told("Tags of %(num)s image changed", "Tags of %(num)s images changed"),
        "rated": told("%(num)s image rated", "%(num)s images rated"),
        "noted": told("Note of %(num)s image saved", "Notes of %(num)s images saved"),
        "undone": told("Undone for %(num)s image", "Undone for %(num)s images"),
        "refused": told("%(num)s file not added", "%(num)s files not added"),
    }


@cache
def words(language: str) -> Mapping[str, Any]:
    """Everything the scripts say."""
    gettext = catalogue_of(language).gettext
    return {
        "done": done_words(language),
        "refusals": refusals(language),
        "arrived": plural(language, "%(num)s new image", "%(num)s new images"),
        "uploaded": gettext("{done} of {all} uploaded"),
        "waiting": gettext("Waiting"),
        "reading": gettext("Reading the image"),
        "saved": gettext("Saved"),
        "known": gettext("Already in your library, saved again"),
        "show": gettext("Show"),
        "retry": gettext("Retry"),
        "cancel": gettext("Cancel"),
        "nothing": gettext("Nothing to change"),
        "nothing_to_undo": gettext("Nothing to undo"),
        "offline": gettext("No answer from the server; look again before you repeat"),
        "copied": gettext("Copied"),
        "missing": gettext("The original is gone"),
        "some_stayed": gettext("Some images were changed since and stay as they are"),
    }

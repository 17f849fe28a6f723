"""Every knob: its default, its meaning, and how it is read from file, environment and options."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from .model.faults import BadSettings

PREFIX = "IMAGEHIST_"
_UNITS = {"": 1, "B": 1, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    return value


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("must be a whole number")
    number = int(value)
    if number < 0:
        raise ValueError("must not be negative")
    return number


def _port(value: object) -> int:
    number = _whole(value)
    if number > 65_535:
        raise ValueError("must be at most 65535")
    return number


def _size(value: object) -> int:
    if isinstance(value, int):
        return _whole(value)
    text = _text(value).strip().replace(" ", "").upper()
    digits = text.rstrip("BKIMG")
    if not digits.isdigit() or text[len(digits) :] not in _UNITS:
        raise ValueError("must be bytes, or a number with KiB, MiB or GiB")
    return int(digits) * _UNITS[text[len(digits) :]]


def _names(value: object) -> tuple[str, ...]:
    parts = value if isinstance(value, list) else _text(value).split(",")
    return tuple(_text(part).strip() for part in parts if _text(part).strip())


def _duplicates(value: object) -> str:
    if value not in ("keep", "reuse"):
        raise ValueError("must be keep or reuse")
    return _text(value)


def _address(value: object) -> str:
    text = _text(value).rstrip("/")
    if text and not text.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return text


def _knob(default: Any, read: Callable[[object], Any], help_text: str, shown: str | None = None) -> Any:
    return field(default=default, metadata={"read": read, "help": help_text, "shown": shown})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one process, checked."""

    host: str = _knob("127.0.0.1", _text, "Address to listen on; `0.0.0.0` for the whole network.")
    port: int = _knob(8080, _port, "Port to listen on; 0 takes a free one.")
    outputs: str = _knob("outputs", _text, "Folder of the library.")
    public_url: str = _knob("", _address, "The address people use, when a proxy stands in front.")
    hosts: tuple[str, ...] = _knob((), _names, "More host names to answer to, separated by commas.")
    secret: tuple[str, ...] = _knob(
        (), _names, "Signing keys, the first signs; made at the first start when empty."
    )
    admin_token: str = _knob("", _text, "Bearer token of the admin; made at the first start when empty.")
    ingest_token: str = _knob("", _text, "Bearer token of generators; made at the first start when empty.")
    trusted_proxies: tuple[str, ...] = _knob(
        (), _names, "Addresses whose `X-Forwarded-*` headers are believed, separated by commas."
    )
    duplicates: str = _knob(
        "keep", _duplicates, "`keep` adds the same bytes again as a new image, `reuse` answers the older one."
    )
    max_file_bytes: int = _knob(50 << 20, _size, "Largest file of an upload.", "50 MiB")
    max_request_bytes: int = _knob(500 << 20, _size, "Largest upload request.", "500 MiB")
    max_pixels: int = _knob(100_000_000, _whole, "Most pixels of an image.")
    max_frames: int = _knob(1_000, _whole, "Most frames of an animation.")
    body_seconds: int = _knob(30, _whole, "How long a body may stand still before the client is given up.")
    new_guests_per_minute: int = _knob(60, _whole, "New anonymous libraries a minute and address.")
    imaging_processes: int = _knob(
        os.cpu_count() or 2, _whole, "Processes that decode images.", "one a processor"
    )
    thumb_cache_bytes: int = _knob(48 << 20, _size, "Thumbs kept in memory.", "48 MiB")
    preview_cache_bytes: int = _knob(2 << 30, _size, "Previews kept on disk.", "2 GiB")
    fallback_language: str = _knob(
        "en", _text, "Language of the pages when a browser asks for neither en nor ko."
    )


def environment_name(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def read_settings(
    options: Mapping[str, object], environment: Mapping[str, str], config: str | None = None
) -> Settings:
    """Options before environment before file before defaults. Raises BadSettings with all mistakes."""
    mistakes: list[str] = []
    known = {knob.name: knob for knob in fields(Settings)}
    given: dict[str, tuple[str, object]] = {}
    for source, values in (
        (config or "", _from_file(config, mistakes)),
        ("environment", _from_environment(environment)),
        ("options", options),
    ):
        for name, value in values.items():
            if name not in known:
                mistakes.append(f"{_place(source, name)}: there is no such setting")
            else:
                given[name] = (source, value)
    checked = {}
    for name, (source, value) in given.items():
        try:
            checked[name] = known[name].metadata["read"](value)
        except ValueError as error:
            mistakes.append(f"{_place(source, name)}: {error}")
    if mistakes:
        raise BadSettings("; ".join(mistakes), mistakes=mistakes)
    return Settings(**checked)


def _place(source: str, name: str) -> str:
    return environment_name(name) if source == "environment" else f"{source}: {name}"


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    return {
        name[len(PREFIX) :].lower(): value for name, value in environment.items() if name.startswith(PREFIX)
    }


def _from_file(path: str | None, mistakes: list[str]) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        mistakes.append(f"{path}: {error.strerror}")
    except tomllib.TOMLDecodeError as error:
        mistakes.append(f"{path}: {error}")
    return {}


def settings_table() -> str:
    """The Markdown table of all settings, as the README shows it."""
    lines = ["| option | variable | default | meaning |", "|---|---|---|---|"]
    for knob in fields(Settings):
        shown = knob.metadata["shown"] or _shown(knob.default)
        name = knob.name.replace("_", "-")
        lines.append(f"| `--{name}` | `{environment_name(knob.name)}` | {shown} | {knob.metadata['help']} |")
    return "\n".join(lines)


def _shown(default: object) -> str:
    return f"`{default}`" if default not in ("", ()) else "none"

"""Every name on disk and every rule about owners, ids and keys, spelled once."""

from __future__ import annotations

import re
import unicodedata
import uuid
from functools import lru_cache

from .times import day_of

SYSTEM = ".imagehist"
ROOT_FILE = f"{SYSTEM}/root.json"
FORMAT_FILE = "README.md"
INDEX_FILE = f"{SYSTEM}/index.sqlite"
STAGING = f"{SYSTEM}/staging"
QUARANTINE = f"{SYSTEM}/quarantine"
LOCKS = f"{SYSTEM}/locks"
CURSORS = f"{SYSTEM}/cursors"
RUNS = f"{SYSTEM}/runs"
CACHE = f"{SYSTEM}/cache"
SYSTEM_OWNER = "system"
"""Whoever owns what belongs to nobody: runs, quotas, acts of the admin."""
USERS = "users"

KIND_FOLDERS = {"output": "", "control": "controls/", "input": "inputs/"}
KINDS = tuple(KIND_FOLDERS)
EXTENSIONS = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "avif": "image/avif",
    "gif": "image/gif",
}
RESERVED_OWNERS = frozenset({"unassigned", "system"})

_ID = re.compile(r"[0-9a-f]{32}")
_GUEST = re.compile(r"anon-[0-9a-f]{32}")
_MEMBER = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_GENERATION = re.compile(r"[0-9a-f]{32}")
_KEY = re.compile(
    r"users/(?P<owner>[a-z0-9][a-z0-9._-]{0,63})/(?P<kind>controls/|inputs/)?"
    r"(?P<day>[0-9]{4}/[0-9]{2}/[0-9]{2})/(?P<thumb>thumb/)?(?P<id>[0-9a-f]{32})\.(?P<extension>[a-z0-9]{1,8})"
)


def new_id() -> str:
    """A fresh image id: 32 hex digits of a random UUID."""
    return uuid.uuid4().hex


def is_id(text: str) -> bool:
    """Whether this is 32 lower-case hex digits."""
    return _ID.fullmatch(text) is not None


def new_guest() -> str:
    """A fresh guest owner."""
    return f"anon-{uuid.uuid4().hex}"


def is_guest(owner: str) -> bool:
    """Whether this owner is an anonymous cookie user."""
    return _GUEST.fullmatch(owner) is not None


def is_owner(name: str) -> bool:
    """Whether a folder under `users/` may have this name."""
    if name.startswith("anon-"):
        return is_guest(name)
    return _MEMBER.fullmatch(name) is not None and name != "system" and ".." not in name


def may_be_member(name: str) -> bool:
    """Whether a caller may name this owner: a guest or member, not one of the reserved."""
    return is_owner(name) and name not in RESERVED_OWNERS


def owner_folder(owner: str) -> str:
    """Key of everything an owner has."""
    if owner == SYSTEM_OWNER:
        return SYSTEM
    return f"{USERS}/{owner}"


def manifest_key(owner: str) -> str:
    """Key of the owner's open manifest; what belongs to no owner has its own."""
    return f"{owner_folder(owner)}/{_stem(owner)}.jsonl"


def sealed_key(owner: str, generation: str) -> str:
    """Key of a sealed manifest of that generation."""
    return f"{owner_folder(owner)}/{_stem(owner)}-{generation}.jsonl"


def _stem(owner: str) -> str:
    return "system" if owner == SYSTEM_OWNER else "manifest"


def original_key(owner: str, kind: str, created_at: str, image: str, extension: str) -> str:
    """Key of an original: its folder is the UTC day of `created_at`."""
    return f"{USERS}/{owner}/{KIND_FOLDERS[kind]}{day_of(created_at)}/{image}.{extension}"


def sidecar_key(original: str) -> str:
    """Key of the sidecar beside an original."""
    return f"{original.rpartition('.')[0]}.json"


def thumb_key(original: str, extension: str) -> str:
    """Key of the thumb made from an original."""
    folder, _, name = original.rpartition("/")
    return f"{folder}/thumb/{name.partition('.')[0]}.{extension}"


def folder_of(key: str) -> str:
    """The key without its last part."""
    return key.rpartition("/")[0]


class KeyParts(tuple[str, str, str, bool, str, str]):
    """`owner, kind, day, is_thumb, id, extension` of a key below `users/`."""

    __slots__ = ()


@lru_cache(4_096)
def parse_key(key: str) -> KeyParts | None:
    """The parts of an original's, sidecar's or thumb's key; None for anything else."""
    match = _KEY.fullmatch(key)
    if match is None or not is_owner(match["owner"]):
        return None
    kind = {None: "output", "controls/": "control", "inputs/": "input"}[match["kind"]]
    return KeyParts(
        (match["owner"], kind, match["day"], bool(match["thumb"]), match["id"], match["extension"])
    )


def clean_filename(name: str) -> str | None:
    """A file name fit to be shown: NFC, no path, no control or direction characters, ≤ 200 bytes."""
    name = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())
    name = re.split(r"[/\\]", name)[-1]
    name = "".join(c for c in name if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
    name = name.strip(" .")
    while len(name.encode()) > 200:
        stem, dot, extension = name.rpartition(".")
        name = f"{stem[:-1]}{dot}{extension}" if dot and len(stem) > 1 and len(extension) < 20 else name[:-1]
    return name or None

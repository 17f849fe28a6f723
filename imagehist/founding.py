"""A root is made, known again by its sentinel, and refused when it is missing or newer."""

from __future__ import annotations

import msgspec

from .atomic import make_folders, read_whole, replace
from .files import Files, storage_faults
from .library import FORMAT
from .model.faults import FormatNewer, RootMissing
from .model.names import (
    CURSORS,
    FORMAT_FILE,
    LOCKS,
    QUARANTINE,
    ROOT_FILE,
    RUNS,
    STAGING,
    SYSTEM,
    USERS,
    new_id,
)

_TEMPORARY = f"{STAGING}/founding.tmp"


class Sentinel(msgspec.Struct, frozen=True):
    """What `root.json` says: which library this is and the version of its files."""

    library: str
    format: int


def found(files: Files, specification: bytes) -> Sentinel:
    """Make the root's folders and sentinel where there is nothing yet, and copy the specification in."""
    if files.facts(ROOT_FILE) is None:
        _refuse_foreign(files)
        with storage_faults():
            for folder in (SYSTEM, USERS, LOCKS, STAGING, QUARANTINE, CURSORS, RUNS):
                make_folders(files, folder)
            sentinel = Sentinel(new_id(), FORMAT)
            replace(files, ROOT_FILE, _TEMPORARY, msgspec.json.encode(sentinel) + b"\n", durable=True)
    with storage_faults():  # also when there is one: whoever made it may have died before syncing it
        files.sync_directory(SYSTEM)
        files.sync_directory("")
    sentinel = check(files)
    if read_whole(files, FORMAT_FILE) != specification:
        with storage_faults():
            replace(files, FORMAT_FILE, _TEMPORARY, specification)
    return sentinel


def check(files: Files) -> Sentinel:
    """The sentinel of a root. Raises RootMissing or FormatNewer."""
    data = read_whole(files, ROOT_FILE)
    if data is None:
        raise RootMissing(f"There is no {ROOT_FILE} here: is the disk mounted?")
    try:
        sentinel = msgspec.json.decode(data, type=Sentinel)
    except msgspec.MsgspecError as error:
        raise RootMissing(f"{ROOT_FILE} cannot be read: restore it from a backup before starting.") from error
    if sentinel.format > FORMAT:
        raise FormatNewer(f"This library has format {sentinel.format}; this version reads up to {FORMAT}.")
    return sentinel


def _refuse_foreign(files: Files) -> None:
    """A root that holds owners but no sentinel has lost it: never start over as if it were empty."""
    if files.facts(USERS) is not None and files.list(USERS):
        raise RootMissing(f"There are owners here but no {ROOT_FILE}: restore it before starting.")

"""What tests do with an open library, without HTTP: add pictures, change them, look at the whole of it."""

import hashlib
import zlib
from collections.abc import Iterable
from typing import Any

from imagehist.actions.editing import Change, many, trash
from imagehist.actions.uploading import prepare
from imagehist.committing import Outcome, commit
from imagehist.intake import Meta, Staged
from imagehist.model.faults import Fault
from imagehist.model.names import new_id
from imagehist.model.records import ImageRecord, record_to_dict
from imagehist.model.times import to_text
from imagehist.opening import Opened
from imagehist.projecting import project
from tests import pictures

OWNER = "mina"


class Keeper:
    """One owner's hands in a library."""

    def __init__(self, opened: Opened, owner: str = OWNER) -> None:
        self.opened = opened
        self.library = opened.library
        self.owner = owner

    def add(self, data: bytes | None = None, **meta: Any) -> ImageRecord:
        """Upload one picture as the server does."""
        data = pictures.png(16, 12, seed=len(self.records())) if data is None else data
        store, image = self.library.store, new_id()
        name, handle = store.stage(image)
        store.write_staged(handle, data)
        store.sync_staged(handle)
        store.close_staged(handle)
        staged = Staged(name, image, len(data), hashlib.sha256(data).hexdigest(), f"{zlib.crc32(data):08x}")
        prepared = prepare(self.library, self.owner, staged, Meta(**meta), "upload", None)
        self.commit(prepared.decision)
        store.unstage(name)
        return self.records()[image]

    def commit(self, decision: Any) -> Outcome:
        """Commit one decision and write its sidecars."""
        outcome = commit(self.library, self.owner, [decision], "guest")[0]
        if isinstance(outcome, Fault):
            raise outcome
        project(self.library, self.owner, outcome.ids)
        return outcome

    def change(self, ids: Iterable[str], change: Change) -> Outcome:
        """Change some images."""
        return self.commit(many(list(ids), change, []))

    def trash(self, *ids: str) -> Outcome:
        """Move images to the trash."""
        return self.change(ids, trash(to_text(self.library.clock())))

    def records(self) -> dict[str, ImageRecord]:
        """Every record of the owner by id."""
        return {record.id: record for record in self.library.index.every_record(self.owner)}

    def state(self) -> dict[str, dict[str, Any]]:
        """Everything a person or program decided, as plain values."""
        return {image: record_to_dict(record) for image, record in self.records().items()}

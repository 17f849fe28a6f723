"""What the file protocol asks for, left out one by one: each must be seen to lose something."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest

from .leaving_rules_out import (
    adoption_ignores_tombstones,
    cut_not_synced,
    foreign_tail_not_synced,
    no_line_end,
    nothing_cut,
    nothing_cut_and_no_line_end,
    projections_before_sync,
    projections_synced,
    purge_unlinks_first,
    recent_folders_not_searched,
    recovered_upload_not_synced,
    sidecar_before_line,
    sidecar_in_place,
    torn_thumbs_kept,
)
from .leaving_syncs_out import (
    birth_not_synced,
    checkpoint_not_bound,
    checkpoint_not_synced,
    day_folder_not_synced,
    found_parents_not_synced,
    founding_not_synced_again,
    generations_folder_not_synced,
    late_rename,
    late_rename_and_blind_sweep,
    manifest_not_synced,
    new_generation_not_synced,
    original_not_synced,
    parents_not_synced,
    recovery_not_synced,
    sealed_name_not_synced,
    staging_synced_instead,
    writer_keeps_its_file,
)

Patch = pytest.MonkeyPatch


class Mutation(NamedTuple):
    """What is left out, how, in which disk models that shows, and where: in the `short` story, or in
    the long one from an action on."""

    name: str
    plant: Callable[[Patch], None]
    models: Sequence[str] = ("any", "split")
    short: bool = False
    since: str = ""


RED = [
    Mutation("fsync of the original", original_not_synced, ("ext4", "any", "split")),
    Mutation("fsync of the manifest", manifest_not_synced, ("ext4", "any", "split")),
    Mutation("directory fsync of a new manifest", birth_not_synced),
    Mutation("fsync of new parents", parents_not_synced),
    Mutation("fsync of parents a dead process made", found_parents_not_synced, short=True),
    Mutation("fsync of the day folder", day_folder_not_synced),
    Mutation("staging fsync instead of the day folder's", staging_synced_instead),
    Mutation("rename after the answer", late_rename),
    Mutation("late rename, unsynced check-point, blind sweep", late_rename_and_blind_sweep),
    Mutation("fsync of the sentinel's name", founding_not_synced_again, short=True),
    Mutation(
        "projections before the manifest's fsync",
        projections_before_sync,
        ("ext4", "any", "split"),
        since="restore",
    ),
    Mutation("sidecar before the line", sidecar_before_line, ("ext4", "any", "split")),
    Mutation("purge unlinks before its line", purge_unlinks_first, ("ext4", "any", "split"), since="undo"),
    Mutation("check-point without sync", checkpoint_not_synced, ("ext4", "any", "split"), since="undo"),
    Mutation("check-point not bound to its bytes", checkpoint_not_bound, ("ext4", "any", "split")),
    Mutation("recovery without its last sync", recovery_not_synced, ("ext4", "any", "split")),
    Mutation("fsync of the next generation", new_generation_not_synced, since="purge of 1"),
    Mutation("directory fsync of the next generation", generations_folder_not_synced, since="purge of 1"),
    Mutation("directory fsync of the sealed name", sealed_name_not_synced, since="snapshot"),
    Mutation("opening the manifest anew", writer_keeps_its_file, ("ext4", "any", "split")),
    Mutation("asking the tombstones before an adoption", adoption_ignores_tombstones, since="undo"),
    Mutation("cutting a torn tail", nothing_cut, ("ext4", "any", "split")),
    Mutation("cutting and ending a torn tail", nothing_cut_and_no_line_end, ("ext4", "any", "split")),
    Mutation("ending a torn line before going on", no_line_end, ("ext4", "any", "split")),
    Mutation(
        "fsync of lines that others wrote",
        foreign_tail_not_synced,
        ("ext4", "any", "split"),
        since="favourite",
    ),
    Mutation("searching recent folders after a crash", recent_folders_not_searched),
    Mutation("dropping torn thumbs", torn_thumbs_kept, ("ext4", "any", "split")),
    Mutation("fsync before a recovered upload's line", recovered_upload_not_synced, short=True),
]
"""Everything here loses something in each of its models."""


GREEN = [
    Mutation("temp and rename of sidecars", sidecar_in_place),
    Mutation("fsyncs inside a recovery that ends in one", cut_not_synced),
    Mutation("leaving sidecars and thumbs unsynced", projections_synced),
]
"""What the protocol says is not needed."""

"""The seam to the disk: folders are found without following links, names trade places in one step."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from imagehist.atomic import replace
from imagehist.files import DiskFiles, open_by_parts, open_folder
from imagehist.founding import found
from imagehist.stores.disk import DiskStore


@pytest.mark.parametrize("find", [open_folder, open_by_parts])
def test_a_folder_is_found_without_following_links(tmp_path: Path, find: Callable[[int, str], int]) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "file").touch()
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "a" / "inner").symlink_to("b")
    root = os.open(tmp_path, os.O_RDONLY)
    found = find(root, "a/b")
    assert os.fstat(found).st_ino == (tmp_path / "a" / "b").stat().st_ino
    assert not os.get_inheritable(found)
    for key in ("link", "link/b", "a/inner", "a/file", "a/file/b"):
        with pytest.raises(NotADirectoryError):
            find(root, key)
    with pytest.raises(FileNotFoundError):
        find(root, "a/nothing/b")
    for handle in (found, root):
        os.close(handle)


def test_no_handle_stays_open(tmp_path: Path) -> None:
    files = DiskFiles(str(tmp_path))
    (tmp_path / "a").mkdir()
    before = os.listdir("/proc/self/fd")
    replace(files, "a/b", "a/b.tmp", b"one")
    replace(files, "a/b", "a/b.tmp", b"two")
    with pytest.raises(FileNotFoundError):
        files.open("a/nothing")
    with pytest.raises(NotADirectoryError):
        files.open("a/b/c")
    assert os.listdir("/proc/self/fd") == before


@pytest.mark.parametrize("can_exchange", [True, False])
def test_replacing_leaves_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    files = DiskFiles(str(tmp_path))
    if not can_exchange:
        monkeypatch.setattr("imagehist.files._RENAME_EXCHANGE", 1 << 30)  # the kernel says EINVAL
    for data in (b"first", b"second", b"third"):
        replace(files, "name", "name.tmp", data)
        assert (tmp_path / "name").read_bytes() == data
        assert os.listdir(tmp_path) == ["name"]


def test_only_a_writer_of_an_earlier_boot_makes_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed process wrote is still in the page cache; after a power cut nobody knows."""
    files = DiskFiles(str(tmp_path))
    found(files, b"the format")
    assert files.boot() == DiskFiles(str(tmp_path)).boot()
    killed = DiskStore(files)
    staged = killed.stage("0" * 32)
    fcntl.flock(killed._alive, fcntl.LOCK_UN)
    after = DiskStore(files)
    assert after.abandoned() == [staged[0]]
    assert not after.crashed()
    after.close()
    monkeypatch.setattr(DiskFiles, "boot", lambda _: "another boot")
    assert DiskStore(files).crashed()

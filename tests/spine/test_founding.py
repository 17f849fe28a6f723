"""Founding: an empty folder becomes a library once, and nothing else is ever taken for one."""

from pathlib import Path

import msgspec
import pytest

from imagehist.files import DiskFiles
from imagehist.founding import check, found
from imagehist.library import FORMAT
from imagehist.model.faults import FormatNewer, RootMissing
from imagehist.model.names import FORMAT_FILE, ROOT_FILE


def test_an_empty_folder_becomes_a_library(tmp_path: Path) -> None:
    sentinel = found(DiskFiles(str(tmp_path)), b"the format")
    assert sentinel.format == FORMAT
    assert len(sentinel.library) == 32
    assert (tmp_path / FORMAT_FILE).read_bytes() == b"the format"
    assert (tmp_path / "users").is_dir()
    assert msgspec.json.decode((tmp_path / ROOT_FILE).read_bytes()) == {
        "library": sentinel.library,
        "format": FORMAT,
    }


def test_a_library_stays_the_same_one(tmp_path: Path) -> None:
    first = found(DiskFiles(str(tmp_path)), b"the format")
    (tmp_path / "users" / "mina").mkdir()
    assert found(DiskFiles(str(tmp_path)), b"the format, newer") == first
    assert (tmp_path / FORMAT_FILE).read_bytes() == b"the format, newer"
    assert check(DiskFiles(str(tmp_path))) == first


def test_owners_without_a_sentinel_are_refused(tmp_path: Path) -> None:
    found(DiskFiles(str(tmp_path)), b"")
    (tmp_path / "users" / "mina").mkdir()
    (tmp_path / ROOT_FILE).unlink()
    with pytest.raises(RootMissing):
        found(DiskFiles(str(tmp_path)), b"")
    assert not (tmp_path / ROOT_FILE).exists()


def test_a_sentinel_lost_before_any_owner_came_is_made_anew(tmp_path: Path) -> None:
    first = found(DiskFiles(str(tmp_path)), b"")
    (tmp_path / ROOT_FILE).unlink()
    assert found(DiskFiles(str(tmp_path)), b"").library != first.library


def test_an_unmounted_disk_is_not_an_empty_library(tmp_path: Path) -> None:
    with pytest.raises(RootMissing):
        check(DiskFiles(str(tmp_path)))


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    found(DiskFiles(str(tmp_path)), b"old text")
    newer = msgspec.json.encode({"library": "0" * 32, "format": FORMAT + 1})
    (tmp_path / ROOT_FILE).write_bytes(newer)
    for opening in (check, lambda files: found(files, b"new text")):
        with pytest.raises(FormatNewer):
            opening(DiskFiles(str(tmp_path)))
    assert (tmp_path / FORMAT_FILE).read_bytes() == b"old text"
    assert (tmp_path / ROOT_FILE).read_bytes() == newer


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 40, b"{", b"[]", b'{"library":1,"format":1}', b'{"format":"1"}']
)
def test_a_damaged_sentinel_is_refused_and_left_alone(tmp_path: Path, data: bytes) -> None:
    found(DiskFiles(str(tmp_path)), b"")
    (tmp_path / ROOT_FILE).write_bytes(data)
    with pytest.raises(RootMissing):
        check(DiskFiles(str(tmp_path)))
    assert (tmp_path / ROOT_FILE).read_bytes() == data

"""reindex and verify bring back whatever was lost, change nothing unasked, and say what they found."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from imagehist import sealing
from imagehist.actions.editing import Patch, favor, patched
from imagehist.opening import Opened
from imagehist.purging import purge
from tests import pictures
from tests.libraries import OWNER, Keeper

Tool = Callable[..., Any]


@pytest.fixture
def filled(keeper: Keeper) -> Keeper:
    """Five images: a favourite, a tagged one, a trashed one, a purged one, a plain one."""
    images = [keeper.add(tags=["뉴욕"] if n == 1 else [], prompt=f"prompt {n}").id for n in range(5)]
    keeper.change(images[:1], favor(True))
    keeper.change(images[1:2], patched(Patch(rating=4, note="good")))
    keeper.trash(*images[2:4])
    purge(keeper.library, OWNER, images[3:4], "admin")
    return keeper


def manifest_of(outputs: Path) -> Path:
    return outputs / "users" / OWNER / "manifest.jsonl"


def sidecars_of(outputs: Path) -> list[Path]:
    return sorted((outputs / "users" / OWNER).glob("*/*/*/*.json"))


def originals_of(outputs: Path) -> list[Path]:
    return sorted((outputs / "users" / OWNER).glob("*/*/*/*.png"))


def snapshot_of(outputs: Path) -> dict[str, bytes]:
    """All bytes below users/, so that «nothing was changed» can be seen."""
    files = (path for path in (outputs / "users").rglob("*") if path.is_file())
    return {str(path.relative_to(outputs)): path.read_bytes() for path in files}


def test_a_whole_library_has_nothing_to_repair(filled: Keeper, tool: Tool) -> None:
    assert tool("reindex").code == 0
    assert tool("verify", "--rebuild", "--scrub").code == 0


def test_a_plan_changes_nothing(filled: Keeper, tool: Tool, outputs: Path) -> None:
    for path in sidecars_of(outputs)[:2]:
        path.unlink()
    before = snapshot_of(outputs)
    plan = tool("reindex", "--json")
    assert plan.code == 1
    assert plan.report["totals"] == {"sidecar": 2}
    assert not plan.report["executed"] and "run" not in plan.report
    assert snapshot_of(outputs) == before


def test_deleted_sidecars_come_back_from_the_manifest(filled: Keeper, tool: Tool, outputs: Path) -> None:
    before, state = snapshot_of(outputs), filled.state()
    for path in sidecars_of(outputs):
        path.unlink()
    done = tool("reindex", "--execute", "--json")
    assert done.code == 0 and done.report["totals"] == {"sidecar": 4}
    assert snapshot_of(outputs) == before
    assert tool("verify", "--rebuild").code == 0
    assert filled.state() == state


def test_a_deleted_manifest_comes_back_from_the_sidecars(
    filled: Keeper, tool: Tool, outputs: Path, opening: Callable[[], Opened]
) -> None:
    state = filled.state()
    highest = max(record["rev"] for record in state.values())
    manifest_of(outputs).unlink()
    assert tool("reindex").code == 1
    assert tool("reindex", "--execute").code == 0
    assert tool("verify", "--rebuild").code == 0
    again = Keeper(opening())
    assert again.state() == state
    assert again.change([next(iter(state))], patched(Patch(note="later"))).seq == highest + 2, (
        "the purge had the highest number: it is never given out again"
    )


def test_a_deleted_index_is_built_by_whoever_opens_next(
    filled: Keeper, tool: Tool, outputs: Path, opening: Callable[[], Opened]
) -> None:
    state = filled.state()
    filled.opened.close()
    for path in (outputs / ".imagehist").glob("index.sqlite*"):
        path.unlink()
    assert tool("verify", "--rebuild").code == 0
    again = Keeper(opening())
    assert again.state() == state
    assert [head.op for head in again.library.index.heads(OWNER, None, 3)] == ["purge", "set", "set"]


def test_everything_derived_deleted_at_once(
    filled: Keeper, tool: Tool, outputs: Path, opening: Callable[[], Opened]
) -> None:
    state = filled.state()
    filled.opened.close()
    for path in (outputs / ".imagehist").glob("index.sqlite*"):
        path.unlink()
    shutil.rmtree(outputs / ".imagehist" / "cursors")
    manifest_of(outputs).unlink()
    assert tool("reindex", "--execute").code == 0
    assert Keeper(opening()).state() == state


def test_a_moved_original_is_followed(filled: Keeper, tool: Tool, outputs: Path) -> None:
    record = next(r for r in filled.records().values() if r.favorite)
    source = outputs / record.key
    target = outputs / "users" / OWNER / "2020" / "01" / "02" / source.name
    target.parent.mkdir(parents=True)
    source.rename(target)
    done = tool("reindex", "--execute", "--json")
    assert done.report["totals"]["moved"] == 1
    moved = filled.records()[record.id]
    assert moved.key == str(target.relative_to(outputs)) and moved.favorite
    assert (outputs / str(moved.thumb)).exists() and target.with_suffix(".json").exists()
    assert tool("verify", "--rebuild").code == 0


def test_an_unexplained_original_is_adopted_and_rubbish_set_aside(
    filled: Keeper, tool: Tool, outputs: Path
) -> None:
    folder = outputs / "users" / OWNER / "2021" / "05" / "06"
    folder.mkdir(parents=True)
    (folder / f"{'a' * 32}.png").write_bytes(pictures.comfyui_png(prompt="found again"))
    (folder / f"{'b' * 32}.png").write_bytes(b"no image at all")
    done = tool("reindex", "--execute", "--json")
    assert done.code == 1, "what was set aside stays a finding"
    assert done.report["totals"] == {"orphan": 1, "quarantined": 1}
    adopted = filled.records()["a" * 32]
    assert adopted.prompt == "found again" and adopted.created_at.startswith("2021-05-06T12:00")
    assert [
        path.name.endswith(f"{'b' * 32}.png") for path in (outputs / ".imagehist" / "quarantine").iterdir()
    ]
    assert tool("verify", "--rebuild").code == 0


def test_a_ghost_keeps_its_record(filled: Keeper, tool: Tool, outputs: Path) -> None:
    originals_of(outputs)[0].unlink()
    done = tool("reindex", "--execute", "--json")
    assert (done.code, done.report["totals"]) == (1, {"ghost": 1})
    assert len(filled.records()) == 4


def test_a_hand_edit_of_a_sidecar_becomes_history(filled: Keeper, tool: Tool, outputs: Path) -> None:
    path = sidecars_of(outputs)[0]
    image = path.stem
    path.write_bytes(
        path.read_bytes()
        .replace(b'"note":""', b'"note":"by hand"')
        .replace(b'"note":"good"', b'"note":"by hand"')
    )
    assert tool("reindex", "--execute").code == 0
    assert filled.records()[image].note == "by hand"
    assert filled.library.index.heads(OWNER, None, 1)[0].by == "file"
    assert tool("verify", "--rebuild").code == 0


def test_rotten_lines_are_sealed_away(filled: Keeper, tool: Tool, outputs: Path) -> None:
    state = filled.state()
    path = manifest_of(outputs)
    lines = path.read_bytes().split(b"\n")
    lines[2] = lines[2][:20] + b"#" + lines[2][21:]
    path.write_bytes(b"\n".join(lines))
    done = tool("reindex", "--execute", "--json")
    assert done.report["totals"].get("rotten-lines") == 1
    assert list(path.parent.glob("manifest-*.jsonl")), "the damaged generation is kept"
    assert tool("reindex").code == 0
    assert filled.state().keys() == state.keys()


def test_scrub_finds_other_bytes(filled: Keeper, tool: Tool, outputs: Path) -> None:
    path = originals_of(outputs)[0]
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(bytes(data))
    found = tool("verify", "--scrub", "--json")
    assert found.code == 1
    assert [one["kind"] for one in found.report["findings"]] == ["rotten"]
    halves = [
        tool("verify", "--scrub", "--part", part, "--json").report["findings"] for part in ("1/2", "2/2")
    ]
    assert sorted(map(len, halves)) == [0, 1]


def test_a_purged_image_never_comes_back(filled: Keeper, tool: Tool, outputs: Path) -> None:
    purged = [image for image, _ in filled.library.index.tombstones(OWNER)]
    day = originals_of(outputs)[0].parent
    (day / f"{purged[0]}.png").write_bytes(pictures.png(8, 8))
    assert tool("reindex", "--execute").code == 0
    assert purged[0] not in filled.records() and not (day / f"{purged[0]}.png").exists()
    manifest_of(outputs).unlink()
    tool("reindex", "--execute")
    (day / f"{purged[0]}.png").write_bytes(pictures.png(8, 8))
    assert tool("reindex", "--execute").code == 0
    assert purged[0] not in filled.records()


def test_a_run_is_noted_in_the_history_of_the_system(filled: Keeper, tool: Tool, outputs: Path) -> None:
    sidecars_of(outputs)[0].unlink()
    done = tool("reindex", "--execute", "--json")
    assert done.report["run"] in (outputs / ".imagehist" / "system.jsonl").read_text()
    assert tool("verify", "--rebuild").code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["reindex", "--user", "nobody"], 2),
        (["verify", "--part", "3/2"], 2),
        (["verify", "--budget", "soon"], 2),
        (["unknown"], 2),
    ],
)
def test_wrong_usage_is_exit_2(filled: Keeper, tool: Tool, arguments: list[str], code: int) -> None:
    ran = tool(*arguments)
    assert ran.code == code and ran.problems and "Traceback" not in ran.problems


def test_a_missing_root_is_refused(tool: Tool, outputs: Path) -> None:
    ran = tool("reindex", "--execute")
    assert ran.code == 3 and ran.problems.startswith("ROOT_MISSING")


def test_a_lost_generation_is_made_good_in_one_run(
    filled: Keeper, tool: Tool, outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as small:
        small.setattr(sealing, "ROLL_BYTES", 1)
        filled.change(list(filled.records())[:1], patched(Patch(note="the roll")))
    filled.add(prompt="after the roll")
    state = filled.state()
    for path in manifest_of(outputs).parent.glob("manifest-*.jsonl"):
        path.unlink()
    done = tool("reindex", "--execute", "--json")
    assert done.report["totals"] == {"orphan": 4}
    assert tool("reindex").code == 0
    assert tool("verify", "--rebuild").code == 0
    found = filled.state()
    assert {image: record | {"rev": 0} for image, record in found.items()} == {
        image: record | {"rev": 0} for image, record in state.items()
    }


def test_an_upload_under_way_is_no_orphan(filled: Keeper, tool: Tool, outputs: Path) -> None:
    record = next(iter(filled.records().values()))
    image = "c" * 32
    name, handle = filled.library.store.stage(image)
    filled.library.store.close_staged(handle)
    filled.library.store.explain(name, b"{}")
    (outputs / record.key).with_name(f"{image}.png").write_bytes(pictures.png(8, 8))
    assert tool("reindex", "--execute").code == 0
    assert image not in filled.records()
    filled.library.store.unstage(name)
    assert tool("reindex", "--execute", "--json").report["totals"] == {"orphan": 1}
    assert image in filled.records()


@pytest.mark.parametrize("damage", ["other version", "rubbish", "empty"])
def test_an_index_that_is_of_no_use_is_made_again(
    filled: Keeper, outputs: Path, opening: Callable[[], Opened], damage: str
) -> None:
    state, index = filled.state(), outputs / ".imagehist" / "index.sqlite"
    filled.opened.close()
    if damage == "other version":
        with closing(sqlite3.connect(index)) as other:
            other.execute("PRAGMA user_version = 99")
    else:
        index.write_bytes(b"no index at all" * 1_000 if damage == "rubbish" else b"")
    assert Keeper(opening()).state() == state

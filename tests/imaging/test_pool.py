"""Children are lent, limited, replaced, and gone with their parent."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from imagehist.imaging import pool as pool_module
from imagehist.imaging.pool import WorkerPool
from imagehist.model.faults import ImageCorrupt, ProcessingFailed, ProcessingTimeout
from tests import pictures
from tests.imaging import hostile


@pytest.fixture
def own() -> Iterator[WorkerPool]:
    pool = WorkerPool(1, 30.0, max_pixels=10**10)
    yield pool
    pool.close()


@pytest.fixture
def picture(tmp_path: Path) -> str:
    path = tmp_path / "a.png"
    path.write_bytes(pictures.png())
    return str(path)


@pytest.fixture(scope="module")
def slow_picture(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Seconds of work in a small file."""
    path = tmp_path_factory.mktemp("slow") / "slow.png"
    path.write_bytes(hostile.endless_png())
    return str(path)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def until(condition, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())


def test_inspects_a_picture(own: WorkerPool, picture: str):
    found = own.inspect(picture)
    assert (found.format, found.mime, found.extension) == ("png", "image/png", "png")
    assert (found.width, found.height, found.frames) == (64, 48, 1)
    assert found.thumb[:4] == b"RIFF"


def test_a_killed_child_is_replaced(own: WorkerPool, picture: str):
    own.inspect(picture)
    (first,) = own.pids()
    os.kill(first, signal.SIGKILL)
    with pytest.raises(ProcessingFailed):
        own.inspect(picture)
    assert own.inspect(picture).width == 64
    assert len(own.pids()) == 1
    assert own.pids() != [first]
    assert not alive(first)


def test_a_child_killed_within_a_job_fails_that_job_only(own: WorkerPool, picture: str, slow_picture: str):
    own.inspect(picture)
    (pid,) = own.pids()
    threading.Timer(0.3, os.kill, (pid, signal.SIGSEGV)).start()
    with pytest.raises(ProcessingFailed):
        own.inspect(slow_picture)
    assert own.inspect(picture).width == 64


def test_a_lingering_job_times_out_and_its_child_is_replaced(picture: str, slow_picture: str):
    pool = WorkerPool(1, 0.5, max_pixels=10**10)
    try:
        pool.inspect(picture)
        pids = pool.pids()
        began = time.monotonic()
        with pytest.raises(ProcessingTimeout):
            pool.inspect(slow_picture)
        assert time.monotonic() - began < 2
        assert pool.inspect(picture).width == 64
        assert pool.pids() != pids
    finally:
        pool.close()


def test_processor_time_is_limited_by_the_kernel(picture: str, slow_picture: str):
    pool = WorkerPool(1, 30.0, cpu_seconds=1, max_pixels=10**10)
    try:
        for _ in range(3):
            pool.inspect(picture)
        with pytest.raises(ProcessingTimeout):
            pool.inspect(slow_picture)
        assert pool.inspect(picture).width == 64
    finally:
        pool.close()


def test_a_child_that_grew_is_replaced(own: WorkerPool, picture: str, monkeypatch: pytest.MonkeyPatch):
    own.inspect(picture)
    before = own.pids()
    monkeypatch.setattr(pool_module, "MAX_RSS", 1)
    own.inspect(picture)
    monkeypatch.undo()
    own.inspect(picture)
    assert own.pids() != before


def test_faults_of_the_image_keep_the_child(own: WorkerPool, picture: str, tmp_path: Path):
    own.inspect(picture)
    before = own.pids()
    broken = tmp_path / "broken.png"
    broken.write_bytes(pictures.png()[:-20])
    for _ in range(5):
        with pytest.raises(ImageCorrupt):
            own.inspect(str(broken))
    assert own.pids() == before


def test_many_threads_share_few_children(picture: str):
    pool = WorkerPool(2, 30.0)
    try:
        with ThreadPoolExecutor(16) as threads:
            widths = list(threads.map(lambda _: pool.inspect(picture).width, range(100)))
        assert widths == [64] * 100
        assert until(lambda: len(pool.pids()) == 2, 10)
    finally:
        pool.close()


def test_a_child_that_cannot_start_fails_quickly_and_is_tried_again(picture: str, monkeypatch):
    python = sys.executable
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    pool = WorkerPool(1, 30.0, max_pixels=10**10)
    try:
        with pytest.raises(ProcessingFailed):
            pool.inspect(picture)
        monkeypatch.setattr(sys, "executable", python)
        until(lambda: pool.pids(), 0.2)
        try:
            pool.inspect(picture)
        except ProcessingFailed:
            assert pool.inspect(picture).width == 64
    finally:
        pool.close()


def test_close_ends_all_children_and_waiting_jobs(picture: str, slow_picture: str):
    pool = WorkerPool(1, 30.0, max_pixels=10**10)
    pool.inspect(picture)
    pids = pool.pids()
    with ThreadPoolExecutor(3) as threads:
        jobs = [threads.submit(pool.inspect, slow_picture) for _ in range(3)]
        time.sleep(0.2)
        pool.close()
        for job in jobs:
            assert isinstance(job.exception(timeout=5), ProcessingFailed)
    assert not any(alive(pid) for pid in pids)
    with pytest.raises(ProcessingFailed):
        pool.inspect(picture)


def test_limits_of_the_kernel_are_set(own: WorkerPool, picture: str):
    own.inspect(picture)
    (pid,) = own.pids()
    limits = Path(f"/proc/{pid}/limits").read_text()
    rows = {line[:26].strip(): line[26:].split()[1] for line in limits.splitlines()[1:]}
    assert rows["Max address space"] == str(1 << 30)
    assert rows["Max file size"] == "0"
    assert rows["Max open files"] == "32"
    assert rows["Max core file size"] == "0"


def test_a_child_has_two_pipes_and_no_secrets(picture: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("IMAGEHIST_ADMIN_TOKEN", "very-secret-value")
    with open(os.devnull, "rb") as other:
        os.set_inheritable(other.fileno(), True)
        pool = WorkerPool(1, 30.0, max_pixels=10**10)
        try:
            pool.inspect(picture)
            (pid,) = pool.pids()
            assert b"very-secret" not in Path(f"/proc/{pid}/environ").read_bytes()
            assert sorted(os.listdir(f"/proc/{pid}/fd")) == ["0", "1", "2"]
        finally:
            pool.close()


PARENT = """
import sys, threading
from imagehist.imaging.pool import WorkerPool
pool = WorkerPool(2, 60.0, cpu_seconds=60, max_pixels=10**10)
starter = threading.Thread(target=lambda: [pool.inspect(sys.argv[1]) for _ in range(4)])
starter.start(); starter.join()
while len(pool.pids()) < 2: pass
print(*pool.pids(), flush=True)
pool.inspect(sys.argv[2])
"""


def test_children_are_gone_when_the_parent_is_killed(picture: str, slow_picture: str):
    """One child idles, one is deep in a decode; SIGKILL takes only the parent."""
    root = str(Path(pool_module.__file__).parents[2])
    command = [sys.executable, "-c", PARENT, picture, slow_picture]
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": root})
    assert parent.stdout is not None
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    time.sleep(0.4)
    assert len(pids) == 2
    assert all(alive(pid) for pid in pids)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert until(lambda: not any(alive(pid) for pid in pids), 1.0)

"""./run sets up once, repairs what was interrupted, and hands over to the server."""

import base64
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SERVER = """
import os, signal, sys, time
import tiny
signal.signal(signal.SIGINT, lambda *_: sys.exit("told to stop"))
print("listening", os.getcwd(), *sys.argv[1:], flush=True)
if "--stay" in sys.argv:
    time.sleep(60)
"""


def wheel(folder: Path, name: str, version: str) -> str:
    """Writes the smallest package there can be; the requirement line that asks for exactly it."""
    folder.mkdir(exist_ok=True)
    about = f"{name}-{version}.dist-info"
    contents = {
        f"{name}.py": f"version = {version!r}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},sha256={digest(text)},{len(text)}\n" for path, text in contents.items())
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, text in {**contents, f"{about}/RECORD": f"{record}{about}/RECORD,,\n"}.items():
            archive.writestr(inside, text)
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with a blank in its name, set up once from packages of its own and without a network."""
    checkout = tmp_path_factory.mktemp("set up") / "check out"
    (checkout / "requirements").mkdir(parents=True)
    shutil.copy(ROOT / "run", checkout / "run")
    (checkout / "server.py").write_text(SERVER)
    wheels = checkout / "wheels"
    for lock, name in {"run": "tiny", "build": "mill", "vips": "pyvips", "test": "probe"}.items():
        (checkout / "requirements" / f"{lock}.txt").write_text(wheel(wheels, name, "1.0"))
    first = run(checkout, "setup")
    assert first.returncode == 0, first.stderr
    assert first.stdout == ""
    assert "making .venv" in first.stderr
    return checkout


@pytest.fixture
def checkout(made: Path, tmp_path: Path) -> Path:
    """A copy of the set-up checkout that a test may spoil; its environment still names the first place."""
    return Path(shutil.copytree(made, tmp_path / "a copy", symlinks=True))


def surroundings(checkout: Path) -> Mapping[str, str]:
    keep = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(checkout),
        "PYTHON": os.path.realpath(sys.executable),
    }
    return keep | {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": (checkout / "wheels").as_uri(),
        "PIP_CONFIG_FILE": os.devnull,
    }


def run(checkout: Path, *arguments: str, **also: str) -> subprocess.CompletedProcess[str]:
    environment = {**surroundings(checkout), **also}
    return subprocess.run(
        [checkout / "run", *arguments], env=environment, cwd="/", capture_output=True, text=True, timeout=60
    )


def test_help_and_mistakes_set_nothing_up(tmp_path: Path) -> None:
    shutil.copy(ROOT / "run", tmp_path / "run")
    for word in ("--help", "-h", "help"):
        said = run(tmp_path, word)
        assert said.returncode == 0
        assert all(
            f"./run {command}" in said.stdout for command in ("setup", "test", "bench", "tools", "prove")
        )
    assert run(tmp_path, "serve").returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_the_server_alone_speaks_on_stdout_from_the_callers_folder(made: Path) -> None:
    started = time.monotonic()
    said = run(made, "--port", "1")
    assert said.stdout == "listening / --port 1\n"
    assert said.stderr == ""
    assert time.monotonic() - started < 2


def test_a_link_to_the_script_finds_the_checkout(made: Path, tmp_path: Path) -> None:
    (tmp_path / "run").symlink_to(made / "run")
    said = subprocess.run([tmp_path / "run"], env=surroundings(made), capture_output=True, text=True, cwd="/")
    assert said.stdout == "listening /\n"


@pytest.mark.slow
def test_changed_requirements_and_a_moved_checkout_are_set_up_anew(checkout: Path) -> None:
    assert "making .venv" in run(checkout, "setup").stderr
    assert run(checkout, "setup").stderr == ""
    (checkout / "requirements" / "run.txt").write_text(wheel(checkout / "wheels", "tiny", "2.0"))
    assert "making .venv" in run(checkout, "setup").stderr
    python = checkout / ".venv/bin/python"
    assert subprocess.check_output([python, "-c", "import tiny; print(tiny.version)"], text=True) == "2.0\n"


def test_an_interrupted_set_up_is_repaired_by_the_next_run(checkout: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    setup = subprocess.Popen(
        [checkout / "run", "setup"],
        env=surroundings(checkout),
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not (checkout / ".venv/bin").exists():
        time.sleep(0.01)
    os.killpg(setup.pid, signal.SIGKILL)
    setup.wait()
    assert not (checkout / ".venv/.made-run").exists()
    assert run(checkout).stdout == "listening /\n"


@pytest.mark.slow
def test_a_package_with_other_bytes_is_refused(checkout: Path) -> None:
    lock = checkout / "requirements" / "run.txt"
    lock.write_text(lock.read_text().replace("sha256:", "sha256:0000", 1)[:-5] + "\n")
    said = run(checkout)
    assert said.returncode == 1
    assert said.stdout == ""
    assert "the packages could not be installed" in said.stderr
    assert not (checkout / ".venv/.made-run").exists()


@pytest.mark.slow
def test_without_libvips_one_line_says_so_and_the_server_starts(checkout: Path) -> None:
    (checkout / "wheels" / "pyvips-1.0-py3-none-any.whl").unlink()
    said = run(checkout)
    assert said.stdout == "listening /\n"
    assert said.stderr.count("libvips") == 1


def test_an_interpreter_that_does_not_fit_is_named(checkout: Path) -> None:
    said = run(checkout, PYTHON="/bin/false")
    assert said.returncode == 1
    assert "PYTHON=/bin/false is not Python 3.11 to 3.13" in said.stderr


def test_interrupting_reaches_the_server(made: Path) -> None:
    server = subprocess.Popen(
        [made / "run", "--stay"],
        env=surroundings(made),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    assert server.stdout.readline().startswith("listening")
    server.send_signal(signal.SIGINT)
    _, errors = server.communicate(timeout=10)
    assert errors == "told to stop\n"
    assert server.returncode == 1


@pytest.mark.slow
def test_two_at_once_do_not_spoil_each_other(checkout: Path) -> None:
    both = [
        subprocess.Popen(
            [checkout / "run"], env=surroundings(checkout), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    spoken = [process.communicate(timeout=60) for process in both]
    assert [out.startswith(b"listening") for out, _ in spoken] == [True, True]
    assert sum(errors.count(b"making .venv") for _, errors in spoken) == 1

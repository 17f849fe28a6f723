"""Starts imagehist: settings, library, recovery, then the application on its port."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import resource
import signal
import socket
import sys
from dataclasses import fields

from imagehist.model.faults import Fault, StorageFull
from imagehist.opening import Opened, open_library
from imagehist.recovering import recover
from imagehist.settings import Settings, read_settings
from imagehist.web.app import make_app
from imagehist.web.listening import bound, listening

log = logging.getLogger("imagehist.server")
OPEN_FILES = 65_536


def arguments() -> argparse.ArgumentParser:
    """The command line: an option for every setting."""
    parser = argparse.ArgumentParser(prog="server.py", description="The image history server.")
    parser.add_argument("--config", help="TOML file with settings")
    for knob in fields(Settings):
        option = f"--{knob.name.replace('_', '-')}"
        default = knob.metadata["shown"] or knob.default or "none"
        parser.add_argument(option, dest=knob.name, help=f"{knob.metadata['help']} Default: {default}")
    return parser


def settings_from(argv: list[str]) -> Settings:
    """The settings of a command line and the environment. Raises BadSettings."""
    given = vars(arguments().parse_args(argv))
    config = given.pop("config")
    options = {name: value for name, value in given.items() if value is not None}
    return read_settings(options, os.environ, config)


def take_all_handles() -> None:
    """Raise the usual limit of open files: every connection and every upload under way needs one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(most, OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def recovered(opened: Opened) -> bool:
    """Recover the library; False when the disk is too full for it now, which keeps nobody from reading."""
    try:
        for owner, done in recover(opened.library).items():
            log.info("recovered %s: %s", owner, done)
    except StorageFull:
        log.warning("the disk is full: recovery waits until there is room")
        return False
    return True


async def serve(opened: Opened, settings: Settings, sock: socket.socket, is_recovered: bool) -> None:
    """Serve until SIGTERM or SIGINT; what is under way then has 30 s to finish."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with listening(make_app(opened, settings, is_recovered), sock):
        address = f"{_shown_host(settings.host)}:{sock.getsockname()[1]}"
        print(f"imagehist listening on http://{address}", flush=True)
        await stop.wait()


def _shown_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def main(argv: list[str]) -> int:
    """Run the server; 2 for wrong settings, 3 when the port is taken or the library cannot be opened."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        settings = settings_from(argv)
    except Fault as fault:
        print(fault.detail, file=sys.stderr)
        return 2
    take_all_handles()
    try:
        sock = bound(settings.host, settings.port)
        opened = open_library(settings, create=True)
        is_recovered = recovered(opened)
    except (Fault, OSError) as problem:
        print(f"imagehist cannot start: {problem}", file=sys.stderr)
        return 3
    try:
        asyncio.run(serve(opened, settings, sock, is_recovered))
    finally:
        opened.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

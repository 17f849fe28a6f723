"""The command line: which figures to measure, at what size, and the report."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from . import changing, footprint, listing, quality, rebuilding, restarting, thumbs, uploading
from .figures import Figure
from .libraries import Place
from .loading import need_wrk

GROUPS: dict[str, Callable[[Place], Iterator[Figure]]] = {
    "listing": listing.measure,
    "bytes": thumbs.measure,
    "uploading": uploading.measure,
    "changing": changing.measure,
    "rebuilding": rebuilding.measure,
    "restarting": restarting.measure,
    "memory": footprint.measure,
    "quality": quality.measure,
}


def arguments() -> argparse.ArgumentParser:
    """The options of `./run bench`."""
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", help=f"what to measure: {', '.join(GROUPS)}; all of it by default"
    )
    parser.add_argument("--images", type=int, help="images in the large libraries, 1,000,000 by default")
    parser.add_argument("--quick", action="store_true", help="short samples and, unless told, 20,000 images")
    parser.add_argument("--json", metavar="FILE", help="write the figures to FILE too")
    parser.add_argument("--keep", metavar="DIR", help="make the libraries here and use them again next time")
    parser.add_argument("--pictures", metavar="DIR", help="PNG and JPEG files to use instead of made ones")
    return parser


def main(argv: list[str]) -> int:
    """Measure and report; 1 when a figure misses its bar, 2 for an unknown name."""
    parser = arguments()
    options = parser.parse_args(argv)
    if unknown := set(options.names) - set(GROUPS):
        parser.error(f"there is nothing called {min(unknown)}")
    need_wrk()
    images = options.images or (20_000 if options.quick else 1_000_000)
    with tempfile.TemporaryDirectory(prefix="imagehist-bench-", dir=os.environ.get("TMPDIR")) as folder:
        os.makedirs(options.keep or folder, exist_ok=True)
        kept = os.path.abspath(options.keep or folder)
        place = Place(kept, images, options.quick, options.pictures)
        figures = _measured(place, options.names or list(GROUPS))
    if options.json:
        _write(options.json, images, figures)
    missed = [figure for group in figures.values() for figure in group if figure.met is False]
    print(f"{len(missed)} of {sum(f.met is not None for g in figures.values() for f in g)} bars missed")
    return 1 if missed else 0


def _measured(place: Place, names: list[str]) -> dict[str, list[Figure]]:
    figures: dict[str, list[Figure]] = {}
    print(
        f"{place.images:,} images, {os.cpu_count()} processors, Python {platform.python_version()}",
        flush=True,
    )
    for name in names:
        print(f"{name} (load average {os.getloadavg()[0]:.1f})", flush=True)
        figures[name] = []
        for figure in GROUPS[name](place):
            figures[name].append(figure)
            print(figure.line(), flush=True)
    return figures


def _write(path: str, images: int, figures: dict[str, list[Figure]]) -> None:
    facts = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "images": images,
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.platform(),
    }
    told = {name: [figure._asdict() for figure in group] for name, group in figures.items()}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(facts | {"figures": told}, file, indent=1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

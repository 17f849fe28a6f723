"""One measured figure: what it is, its bar, what it was compared with, and whether it holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Figure(NamedTuple):
    """A measurement. `bar` is what it should be, in words; without one it only informs."""

    what: str
    value: float
    unit: str
    bar: str = ""
    met: bool | None = None
    beside: str = ""

    def line(self) -> str:
        """The figure as one line of the report."""
        mark = {None: "     ", True: "  ok ", False: " MISS"}[self.met]
        shown = f"{self.value:,.3g}" if self.value < 100 else f"{self.value:,.0f}"
        return f"{mark} {self.what:<62} {shown:>9} {self.unit:<5} {self.bar:<13} {self.beside}".rstrip()


def at_most(what: str, value: float, unit: str, limit: float, beside: str = "") -> Figure:
    """A figure that should not exceed `limit`."""
    return Figure(what, value, unit, f"<= {limit:g} {unit}", value <= limit, beside)


def at_least(what: str, value: float, unit: str, limit: float, beside: str = "") -> Figure:
    """A figure that should reach `limit`."""
    return Figure(what, value, unit, f">= {limit:g} {unit}", value >= limit, beside)


def note(what: str, value: float, unit: str, beside: str = "") -> Figure:
    """A figure without a bar."""
    return Figure(what, value, unit, beside=beside)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

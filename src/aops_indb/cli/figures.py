"""A model's figures as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aops_indb.cli.output import print_table

if TYPE_CHECKING:
    from rich.console import Console

    from aops_indb.workflows.measure import Parity

_COUNTS = ("rows", "positives", "unscored")


def print_figures(out: Console, metrics: Mapping[str, Mapping[str, float | None]], parity: Parity) -> None:
    """Metrics by period, then how the SQL compares with the library."""
    names = list(next(iter(metrics.values())))
    rows = [[period, *(_shown(name, values[name]) for name in names)] for period, values in metrics.items()]
    print_table(out, ["period", *names], rows)
    out.print(
        f"parity: {parity.rows:,} rows scored by SQL and by the library, largest difference "
        f"{parity.largest_difference:.2g}, {parity.labels_differing} labels differ"
    )


def _shown(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{int(value):,}" if name in _COUNTS else f"{value:.4f}"

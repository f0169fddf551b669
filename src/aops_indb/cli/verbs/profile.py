"""aops profile"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer

from aops_indb.cli.listing import in_words
from aops_indb.cli.options import HERE, AsJson, ProjectDir, open_project
from aops_indb.cli.output import print_table, progress, show

if TYPE_CHECKING:
    from rich.console import Console

    from aops_indb.workflows.profile import ColumnProfile

_BARS = "▁▂▃▄▅▆▇█"
# Characters shown of one value.
_LONGEST = 24


def profile(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="A table, a view, or a SELECT in quotes.")],
    project: ProjectDir = HERE,
    as_json: AsJson = False,
    draft: Annotated[bool, typer.Option("--draft", help="Only the draft of definitions, for a file.")] = False,
) -> None:
    """Show what is in a table, by one pass over it, and draft definitions for it.

    Distinct values, quantiles, histograms and commonest values are approximate.

    Example:  aops profile raw.flights --draft > feature_defs/flights.py
    """
    with progress() as report:
        found = open_project(project).profile(table, report=report)

    def present(out: Console) -> None:
        if draft:
            out.print(found.draft, end="")
            return
        out.print(f"{found.relation}: {found.rows:,} rows, {len(found.columns)} columns\n")
        heads = ["column", "type", "nulls", "distinct", "min", "max", "mean", "5 %", "50 %", "95 %", "histogram", "top"]
        print_table(out, heads, map(_row, found.columns))
        out.print(f"\n{found.draft}", end="")

    show(found, present, as_json=as_json)


def _row(column: ColumnProfile) -> list[object]:
    quantiles = column.quantiles or {}
    shown = [column.minimum, column.maximum, column.mean, *(quantiles.get(point) for point in (0.05, 0.5, 0.95))]
    return [
        column.name,
        column.type,
        f"{column.nulls:,}",
        None if column.distinct is None else f"~{column.distinct:,}",
        *(None if value is None else _short(value) for value in shown),
        bars(column.histogram) if column.histogram else None,
        ", ".join(map(_short, column.top)) if column.top else None,
    ]


def _short(value: object) -> str:
    text = in_words(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def bars(shares: tuple[float, ...]) -> str:
    """A histogram as text: the largest bin is a whole bar, an empty one a dot.

    >>> bars((0.5, 0.25, 0.0, 0.01))
    '█▄·▁'
    """
    most = max(shares)
    return "".join("·" if share <= 0 else _BARS[max(0, math.ceil(8 * share / most) - 1)] for share in shares)

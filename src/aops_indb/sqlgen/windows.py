"""Window functions, their order and their frames, as sqlglot trees."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlglot import exp

from aops_indb.sqlgen.build import Expr, ident, interval


def desc(a: Expr) -> Expr:
    """Sort key, largest first, NULL last."""
    return exp.Ordered(this=a, desc=True, nulls_first=False)


def asc(a: Expr) -> Expr:
    """Sort key, smallest first, NULL last."""
    return exp.Ordered(this=a, desc=False, nulls_first=False)


def over(
    function: Expr,
    partition_by: Sequence[Expr] = (),
    order_by: Sequence[Expr] = (),
    *,
    named: str | None = None,
    frame: exp.WindowSpec | None = None,
) -> Expr:
    """A window function, over a named window or one spelled out."""
    if named is not None:
        return exp.Window(this=function, alias=ident(named))
    return exp.Window(this=function, over="OVER", **_window_args(partition_by, order_by, frame))


def window_definition(
    name: str, partition_by: Sequence[Expr], order_by: Sequence[Expr], frame: exp.WindowSpec | None = None
) -> Expr:
    """An entry of the WINDOW clause."""
    return exp.Window(this=ident(name), over="AS", **_window_args(partition_by, order_by, frame))


def _window_args(
    partition_by: Sequence[Expr], order_by: Sequence[Expr], frame: exp.WindowSpec | None
) -> dict[str, object]:
    return {
        "partition_by": list(partition_by),
        "order": exp.Order(expressions=list(order_by)) if order_by else None,
        "spec": frame,
    }


def trailing(duration: dt.timedelta | None, *, ending: dt.timedelta = dt.timedelta(0)) -> exp.WindowSpec:
    """Frame over the times from `duration` before its end, excluded, to its end, included.

    It ends at the current row and its peers, or `ending` before; duration None: it begins with the first row.
    """
    start: object = "UNBOUNDED"
    if duration is not None:
        # a RANGE frame includes both ends; the last microsecond before the far end is left out
        start = interval(duration + ending - dt.timedelta(microseconds=1))
    end = {"end": interval(ending), "end_side": "PRECEDING"} if ending else {"end": "CURRENT ROW"}
    return exp.WindowSpec(kind="RANGE", start=start, start_side="PRECEDING", **end)

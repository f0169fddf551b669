"""aops profile: what is in a table, by one pass over it, and a draft of definitions for it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from aops_indb.engines import Session
from aops_indb.errors import QueryError, SpineError
from aops_indb.sqlgen.statements import Query, subquery
from aops_indb.sqlgen.summaries import (
    DISTINCT,
    MAXIMUM,
    MEAN,
    MINIMUM,
    NOT_NULL,
    QUANTILES,
    ROWS,
    TOP,
    summaries,
)  # fmt: skip
from aops_indb.workflows.dataset import spine_columns, spine_query
from aops_indb.workflows.draft import ColumnKind, draft_of
from aops_indb.workflows.lacking import require_done
from aops_indb.workflows.workspace import Report, Workspace

# Bins of a histogram, and the quantiles it is made from: 2.5 % of the rows between two.
BINS, _STEPS = 12, 40
_POINTS = tuple(step / _STEPS for step in range(_STEPS + 1))
SHOWN_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
TOP_VALUES = 5

# kind of type -> what is told of a column of it, beside how many values there are
_SUMMARIES: dict[str, tuple[str, ...]] = {
    "number": (DISTINCT, MINIMUM, MAXIMUM, MEAN, QUANTILES, TOP),
    "time": (DISTINCT, MINIMUM, MAXIMUM, QUANTILES),
    "boolean": (DISTINCT, TOP),
    "text": (DISTINCT, MINIMUM, MAXIMUM, TOP),
    "other": (),
}
_KINDS = {
    "BOOLEAN": "boolean", "VARCHAR": "text", "UUID": "text", "ENUM": "text", "DATE": "time", "TIMESTAMP": "time",
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL"), "number"),
    **dict.fromkeys(("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"), "number"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """A column: how many values are NULL, about how many differ, extremes, mean, quantiles, commonest values.

    quantiles: 0.05 … 0.95 -> value, approximate    histogram: share of the values in each of 12 bins of one width
    between minimum and maximum, approximate        top: commonest values, approximate; None: not told of its type
    """

    name: str
    type: str
    nulls: int
    distinct: int | None = None
    minimum: Any = None
    maximum: Any = None
    mean: float | None = None
    quantiles: Mapping[float, Any] | None = None
    histogram: tuple[float, ...] | None = None
    top: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """A relation, its columns, and a draft of definitions for it, as Python."""

    relation: str
    rows: int
    columns: tuple[ColumnProfile, ...]
    draft: str


def profile_relation(project: Workspace, relation: str, *, report: Report) -> Profile:
    """What is in a table, or comes of a SELECT; the warehouse is only read, once."""
    require_done(project.engine.name, "aops profile")
    report(f"profiling {relation}", 0.0)
    with project.engine.session(read_only=True) as session:
        query = spine_query(relation)
        types = _types(session, query)
        wanted = {name: (NOT_NULL, *_SUMMARIES[kind_of(sql_type)]) for name, sql_type in types.items()}
        asked = summaries(subquery(query, "profiled"), wanted, points=_POINTS, top=TOP_VALUES)
        names = list(session.columns(asked.copy()))
        [row] = session.rows(asked)
    told = dict(zip(names, row, strict=True))
    rows = int(told[ROWS])
    columns = tuple(
        _column(name, sql_type, rows, told[f"column_{position}"])
        for position, (name, sql_type) in enumerate(types.items(), start=1)
    )
    taken = [name for named in project.loaded.definitions.by_kind.values() for name in named]
    kinds = [ColumnKind(each.name, each.type, rows - each.nulls, each.distinct or 0) for each in columns]
    return Profile(relation, rows, columns, draft_of(relation, rows, kinds, taken))


def _types(session: Session, query: Query) -> dict[str, str]:
    try:
        return spine_columns(session, query)
    except SpineError as error:
        words = str(error).replace("the spine", "what is to be profiled")
        raise QueryError(words) from error


def kind_of(sql_type: str) -> str:
    """What kind of values a type has.

    >>> kind_of("DECIMAL(9,2)"), kind_of("TIMESTAMP WITH TIME ZONE"), kind_of("INTEGER[]")
    ('number', 'time', 'other')
    """
    if sql_type.endswith("]"):
        return "other"
    return _KINDS.get(sql_type.partition("(")[0].partition(" ")[0].partition("_")[0], "other")


def _column(name: str, sql_type: str, rows: int, told: Mapping[str, Any]) -> ColumnProfile:
    values = told.get(QUANTILES)
    points = list(zip(_POINTS, values, strict=True)) if values is not None else []
    top = told.get(TOP)
    return ColumnProfile(
        name=name,
        type=sql_type,
        nulls=rows - told[NOT_NULL],
        distinct=told.get(DISTINCT),
        minimum=told.get(MINIMUM),
        maximum=told.get(MAXIMUM),
        mean=told.get(MEAN),
        quantiles={point: value for point, value in points if point in SHOWN_QUANTILES} or None,
        histogram=histogram(points, told.get(MINIMUM), told.get(MAXIMUM)),
        top=None if top is None else tuple(top),
    )


def histogram(points: Sequence[tuple[float, Any]], minimum: Any, maximum: Any) -> tuple[float, ...] | None:
    """Shares of the values in bins of one width, from quantiles; between two quantiles values are taken as even.

    >>> shares = histogram([(0.0, 0), (0.5, 3), (1.0, 12)], 0, 12) or ()
    >>> [round(share, 3) for share in shares[:4]]
    [0.167, 0.167, 0.167, 0.056]
    """
    if not points or minimum is None:
        return None
    low, high = _number(minimum), _number(maximum)
    width = (high - low) / BINS
    if not math.isfinite(width) or width <= 0:
        return None
    if any(math.isnan(_number(value)) for _, value in points):
        return None
    known = [(share, min(max(_number(value), low), high)) for share, value in points]
    below = [_share_below(low + width * edge, known) for edge in range(BINS)] + [1.0]
    return tuple(after - before for before, after in pairwise(below))


def _share_below(edge: float, known: Sequence[tuple[float, float]]) -> float:
    """The share of values below an edge."""
    for (share, value), (next_share, next_value) in pairwise(known):
        if value < edge <= next_value:
            return share + (next_share - share) * (edge - value) / (next_value - value)
    return 0.0 if edge <= known[0][1] else 1.0


def _number(value: Any) -> float:
    """A value as a place on a line; NaN for a time beyond Python's calendar, which comes as text."""
    if isinstance(value, dt.datetime):
        return (value if value.tzinfo else value.replace(tzinfo=dt.UTC)).timestamp()
    if isinstance(value, dt.date):
        return float(value.toordinal())
    return math.nan if isinstance(value, str) else float(value)

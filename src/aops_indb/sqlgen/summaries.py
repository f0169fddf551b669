"""What one pass over a relation tells of each of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aops_indb.sqlgen.build import Expr, anonymous, cast, col, count_star, func, lit
from aops_indb.sqlgen.lists import array, struct
from aops_indb.sqlgen.statements import Query, select

# Summaries of a column by name; which of them there are depends on its type.
NOT_NULL, DISTINCT, MINIMUM, MAXIMUM, MEAN, QUANTILES, TOP = (
    "not_null", "distinct_values", "minimum", "maximum", "mean", "quantiles", "top",
)  # fmt: skip
ROWS = "rows"


def summaries(relation: Expr, wanted: Mapping[str, Sequence[str]], *, points: Sequence[float], top: int) -> Query:
    """One row: how many rows there are, then a struct for each column, in order, as column_1, column_2 …

    wanted: column -> names of summaries    points: of the quantiles    top: how many of the commonest values
    """
    columns: dict[str, Expr] = {ROWS: count_star()}
    for position, (name, kinds) in enumerate(wanted.items(), start=1):
        columns[f"column_{position}"] = struct({kind: _summary(kind, col(name), points, top) for kind in kinds})
    return select(columns, relation)


def _summary(kind: str, column: Expr, points: Sequence[float], top: int) -> Expr:
    match kind:
        case "not_null":
            return func("COUNT", column)
        case "distinct_values":
            return anonymous("APPROX_COUNT_DISTINCT", column)
        case "minimum":
            return func("MIN", column)
        case "maximum":
            return func("MAX", column)
        case "mean":
            return func("AVG", cast(column, "DOUBLE"))
        case "quantiles":
            return anonymous("APPROX_QUANTILE", column, array([cast(lit(point), "FLOAT") for point in points]))
        case _:
            return anonymous("APPROX_TOP_K", column, lit(top))

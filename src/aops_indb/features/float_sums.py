"""Sums of floats that are the same whatever the order of the rows: number of threads, algorithm, neighbours.

Added one after another, floats are rounded at each step, so that the last digits of a sum depend on the order. Here
each value is cut at fixed places into PARTS numbers of few bits, whose sums are exact in any order, and differences of
such sums too; only the end rounds, as if the exact sum had been rounded once. Nothing depends on rows that
are not in the window. (Pre-rounding: Demmel and Nguyen, "Fast reproducible floating-point summation", 2013; here the
places are the same for all data, not taken from the largest value.)

Values that do not fit between the first and the last place, such as 1e300, 1e-300, infinity and NaN, are outliers:
those of a window are added in order of size, and then to the sum of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from aops_indb.features.aggregations import AggregationFunction, Bind
from aops_indb.features.ctes import Ctes
from aops_indb.features.definitions import FeatureView
from aops_indb.features.windows import IN_ORDER, WindowFeature, reduced_columns, sums_of_any_type
from aops_indb.sqlgen.build import (
    Expr,
    add,
    and_,
    anonymous,
    balanced_sum,
    case,
    cast,
    coalesce,
    col,
    eq,
    func,
    ge,
    gt,
    lit,
    mul,
    ne,
    or_,
    star,
    sub,
)
from aops_indb.sqlgen.statements import Join, Query, aliased, select, table

# A double has 53 bits; sums of parts of 26 bits are exact over 2^27 rows.
_PART_BITS = 26
MOST_ROWS = 2 ** (53 - _PART_BITS)
PARTS = 5
# Values are cut at multiples of these: cents up to 1e15, and 1e-8 with all its digits.
_PLACES = [2.0 ** (24 - _PART_BITS * part) for part in range(PARTS)]
_LARGEST = _PLACES[0] * 2**_PART_BITS

# DuckDB sums UHUGEINT as DOUBLE, too.
FLOATS = ("DOUBLE", "FLOAT", "UHUGEINT")


@dataclass(frozen=True, slots=True)
class Reducer:
    """How features are computed from rows.

    moments:  the columns that say which row of a result is which
    rows:     given features and the name of the rows they reduce, the query: moments and features
    outliers: the same for few rows, if any; moments without rows may be left out
    """

    moments: Sequence[str]
    rows: Callable[[Sequence[WindowFeature], str], Query]
    outliers: Callable[[Sequence[WindowFeature], str], Query]


def of_floats(feature: WindowFeature, types: Mapping[str, str]) -> bool:
    """Whether a feature is made from a sum of floats; types: as `value_types` finds them."""
    return types.get(feature.value) in FLOATS and bool(sums_of_any_type([feature]))


def reduce_rows(
    view: FeatureView,
    features: Sequence[WindowFeature],
    types: Mapping[str, str],
    rows: str,
    ctes: Ctes,
    reducer: Reducer,
) -> Query:
    """The features of a view, their sums exact or in a fixed order."""
    floats = [f for f in features if of_floats(f, types)]
    unknown = {f.name for f in sums_of_any_type(features) if f.value not in types}
    others = [_in_order(f) if f.name in unknown else f for f in features if f not in floats]
    if not floats:
        return reducer.rows(others, rows)
    values = sorted({feature.value for feature in floats})
    fitting = ctes.add(f"{view.name}__fitting", _fitting(rows, values))
    parts = ctes.add(f"{view.name}__parts", _parts(fitting, values))
    outliers = ctes.add(f"{view.name}__outliers", _outliers(fitting, values))
    simple = {f.name: f for feature in floats for f in (*_part_sums(feature), _count(feature))}
    reduced = ctes.add(f"{view.name}__reduced", reducer.rows([*others, *simple.values()], parts))
    sums = ctes.add(f"{view.name}__sums", _sums(reducer.moments, others, floats, reduced))
    beyond = {f.name: f for f in map(_outlier_sum, floats)}
    added = ctes.add(f"{view.name}__outlier_sums", reducer.outliers(list(beyond.values()), outliers))
    columns = {f.name: _with_outliers(f, sums, added) if f in floats else col(f.name, sums) for f in features}
    same = [eq(col(moment, sums), col(moment, added)) for moment in reducer.moments]
    return select(
        {**{m: col(m, sums) for m in reducer.moments}, **columns},
        table(sums),
        joins=[Join(table(added), "left", and_(*same))],
    )


# ── the rows ───────────────────────────────────────────────────────────────────────────────────────────


def _fitting_name(value: str) -> str:
    return f"{value}_fitting"


def _part_names(value: str) -> list[str]:
    return [f"{value}_part_{part}" for part in range(1, PARTS + 1)]


def _fitting(rows: str, values: Sequence[str]) -> Query:
    """The rows, and each value once more: 0 where it does not fit."""
    finest = 1 / _PLACES[-1]

    def fitting(value: Expr) -> Expr:
        scaled = mul(value, lit(finest))
        too_large = ge(func("ABS", value.copy()), lit(_LARGEST))
        return case([(too_large, lit(0.0)), (ne(scaled, func("FLOOR", scaled.copy())), lit(0.0))], value.copy())

    return select([star(), *(aliased(fitting(cast(col(v), "DOUBLE")), _fitting_name(v)) for v in values)], table(rows))


def _parts(fitting: str, values: Sequence[str]) -> Query:
    """The rows, and the parts of each value: whole multiples of a place, less than the place before."""

    def down_to(value: str, place: float) -> Expr:
        return mul(func("FLOOR", mul(col(_fitting_name(value)), lit(1 / place))), lit(place))

    def parts(value: str) -> list[Expr]:
        rounded = [*(down_to(value, place) for place in _PLACES[:-1]), col(_fitting_name(value))]
        return [rounded[0], *(sub(finer.copy(), coarser.copy()) for coarser, finer in pairwise(rounded))]

    named = [aliased(part, name) for v in values for part, name in zip(parts(v), _part_names(v), strict=True)]
    return select([star(), *named], table(fitting))


def _outliers(fitting: str, values: Sequence[str]) -> Query:
    """The rows that have a value that does not fit, such values, and NULL for the others."""

    def is_outlier(value: str) -> Expr:
        return ne(col(_fitting_name(value)), cast(col(value), "DOUBLE"))

    named = [aliased(case([(is_outlier(v), cast(col(v), "DOUBLE"))]), _outlier_name(v)) for v in values]
    return select([star(), *named], table(fitting), where=[or_(*map(is_outlier, values))])


def _outlier_name(value: str) -> str:
    return f"{value}_outlier"


# ── the sums ───────────────────────────────────────────────────────────────────────────────────────────


def _simple(feature: WindowFeature, aggregate: str, value: str) -> WindowFeature:
    """One simple aggregate over the window of a feature."""
    name = f"{value}_{aggregate.lower()}_{feature.frame}"
    reduction = AggregationFunction(help="", reduce=lambda bind: bind(aggregate), empty=None, dtype=None)
    return replace(feature, name=name, reduction=reduction, value=value, counted=feature.value)


def _in_order(feature: WindowFeature) -> WindowFeature:
    """The feature with its sums in order: right for values of any type."""
    of = feature.reduction

    def reduce(bind: Bind) -> Expr:
        return of.reduce(replace(bind, aggregate=lambda name: bind(IN_ORDER if name == "SUM" else name)))

    return replace(feature, reduction=replace(of, reduce=reduce))


def _part_sums(feature: WindowFeature) -> list[WindowFeature]:
    return [_simple(feature, "SUM", name) for name in _part_names(feature.value)]


def _count(feature: WindowFeature) -> WindowFeature:
    return _simple(feature, "COUNT", feature.value)


def _outlier_sum(feature: WindowFeature) -> WindowFeature:
    return _simple(feature, IN_ORDER, _outlier_name(feature.value))


def _sum_name(feature: WindowFeature) -> str:
    return f"{feature.value}_sum_{feature.frame}"


def _sums(
    moments: Sequence[str], others: Sequence[WindowFeature], floats: Sequence[WindowFeature], reduced: str
) -> Query:
    """Sums made of the sums of their parts, and what else there is."""
    kept = [*moments, *(f.name for f in others), *(_count(f).name for f in floats)]
    sums = {
        _sum_name(f): within_limit(col(_count(f).name), _total([col(part.name) for part in _part_sums(f)]))
        for f in floats
    }
    return select({**{name: col(name) for name in kept}, **sums}, table(reduced))


def _with_outliers(feature: WindowFeature, sums: str, outlier_sums: str) -> Expr:
    def bind(aggregate: str, _: WindowFeature) -> Expr:
        if aggregate == "COUNT":
            return col(_count(feature).name, sums)
        outliers = coalesce(col(_outlier_sum(feature).name, outlier_sums), lit(0.0))
        return add(col(_sum_name(feature), sums), outliers)

    return reduced_columns([feature], bind)[feature.name]


def _total(parts: Sequence[Expr]) -> Expr:
    """The sum of exact sums, rounded once: what each step loses is kept, and added at the end."""
    so_far, lost = parts[0], []
    for part in parts[1:]:
        longer = add(so_far.copy(), part.copy())
        lost.append(sub(part.copy(), sub(longer, so_far.copy())))
        so_far = longer.copy()
    return add(so_far, balanced_sum(lost))


def within_limit(rows: Expr, value: Expr) -> Expr:
    """The value, if so many rows can be summed exactly; else the query fails."""
    message = (
        f"a sum of floats over more than {MOST_ROWS} rows of one entity would not be exact: aggregate a DECIMAL, "
        "e.g. Aggregation(expr='CAST(amount AS DECIMAL(18, 2))', …)"
    )
    return case([(gt(rows.copy(), lit(MOST_ROWS)), anonymous("ERROR", lit(message)))], value)

"""Aggregations over trailing windows: the features they make, from which values, and how they reduce."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from aops_indb.features.aggregations import AggregationFunction, Bind, RowParts, Settings, row_value
from aops_indb.features.definitions import EVENT_TIMESTAMP, Aggregation, FeatureView
from aops_indb.features.known_types import KnownTypes
from aops_indb.features.source_rows import KNOWN_AT, source_rows
from aops_indb.features.types import LIFETIME
from aops_indb.sqlgen.build import (
    Expr,
    and_,
    cast,
    coalesce,
    col,
    eq,
    filtered,
    func,
    gt,
    interval,
    is_not_null,
    le,
    lit,
    sub,
    sum_in_order,
)
from aops_indb.sqlgen.lists import struct
from aops_indb.sqlgen.origins import parts
from aops_indb.sqlgen.parse import parse_expression
from aops_indb.sqlgen.reductions import (
    approx_count_distinct,
    count_distinct,
    largest_n,
    list_in_order,
    quantile,
    smallest_mode,
)
from aops_indb.sqlgen.statements import Join, Query, select, subquery, table
from aops_indb.sqlgen.windows import desc

# A simple aggregate beside those of SQL: the sum of floats from the largest to the smallest. Slow, and always the same.
IN_ORDER = "SUM_IN_ORDER"
# The values themselves, in order.
LIST = "LIST"

_COMPARING = {"MIN", "MAX", "LARGEST_N", "MODE"}

# Simple aggregates that are no functions of SQL of that name.
SIMPLE_AGGREGATES: dict[str, Callable[[Expr, Settings], Expr]] = {
    IN_ORDER: lambda value, _: sum_in_order(value, [desc(func("ABS", value.copy())), desc(value.copy())]),
    LIST: lambda value, _: list_in_order(value),
    "COUNT_DISTINCT": lambda value, _: count_distinct(value),
    "APPROX_COUNT_DISTINCT": lambda value, _: approx_count_distinct(value),
    "QUANTILE": lambda value, settings: quantile(value, settings.q or 0.0),
    "LARGEST_N": lambda value, settings: largest_n(value, settings.n or 1),
    "MODE": lambda value, _: smallest_mode(value),
}

# Of each row, when it happened and was written: what says whether it came after another.
ORDER = "__order"


@dataclass(frozen=True, slots=True)
class WindowFeature:
    """One aggregation over one window: the column it makes, and the column of row values it reduces.

    window:  its length; None: all rows so far
    counted: the column whose count says over how many values a sum is
    opened:  the column, beside the points, with the ORDER of the row after which the window begins; None: it does not
             begin with a row
    """

    name: str
    aggregation: Aggregation
    reduction: AggregationFunction
    window: dt.timedelta | None
    value: str
    counted: str
    opened: str | None = None

    @property
    def aggregates(self) -> set[str]:
        """Names of the simple SQL aggregates that the feature is made from."""
        names: set[str] = set()

        def note(aggregate: str) -> Expr:
            names.add(aggregate)
            return lit(0)

        self.reduction.reduce(Bind(note, self.aggregation.settings))
        return names

    @property
    def offset(self) -> dt.timedelta:
        """How far the window's near end lies back."""
        return self.aggregation.offset or dt.timedelta(0)

    @property
    def frame(self) -> str:
        """A name of the window."""
        ago = int(self.offset.total_seconds())
        length = "lifetime" if self.window is None else f"last_{int(self.window.total_seconds())}s"
        return f"{length}{f'_{ago}s_ago' if ago else ''}{self.opened or ''}"

    @property
    def reach(self) -> dt.timedelta | None:
        """How far the window's far end lies back; None: it has none."""
        return None if self.window is None else self.window + self.offset


# Column types of a query, without running it; None where no warehouse can be asked.
TypesOf: TypeAlias = Callable[[Query], Mapping[str, str]]

# Binds a simple aggregate of a column of row values to the rows of a feature's window.
BindToWindow: TypeAlias = Callable[[str, WindowFeature], Expr]


def window_features(view: FeatureView, wanted: Collection[str]) -> list[WindowFeature]:
    """The view's window features that are wanted; equal row values share a column."""
    values: dict[tuple[str, Settings], str] = {}
    opened: dict[tuple[str | None, dt.timedelta | None], str] = {}
    features = []
    for aggregation in view.aggregations:
        reduction = aggregation.reduction
        kept = (_value(view, aggregation, reduction).sql("duckdb"), aggregation.settings)
        for name, window in aggregation.features():
            if name not in wanted:
                continue
            value, event = (
                values.setdefault(kept, f"__value_{len(values) + 1}"),
                (aggregation.since, aggregation.offset),
            )
            opens = opened.setdefault(event, f"__opened_{len(opened) + 1}") if aggregation.since else None
            features.append(WindowFeature(name, aggregation, reduction, window, value, value, opens))
    return features


# What opens a window is the last of some rows.
_OPENING = AggregationFunction(
    help="", reduce=lambda bind: bind("MAX"), empty=None, dtype=None, value=lambda row: _order(row)
)


def openings(features: Iterable[WindowFeature]) -> list[WindowFeature]:
    """For windows that begin with a row: features over all rows so far that find the ORDER of it."""
    found: dict[str, WindowFeature] = {}
    for feature in features:
        if feature.opened is not None and feature.opened not in found:
            of = feature.aggregation
            event = Aggregation(function="count", windows=[LIFETIME], where=of.since, offset=of.offset)
            value = f"{feature.opened}_by"
            found[feature.opened] = WindowFeature(feature.opened, event, _OPENING, None, value, value)
    return list(found.values())


def _order(row: RowParts) -> Expr:
    return struct({"event": row.event} | ({"written": row.written} if row.written is not None else {}))


def longest_reach(features: Iterable[WindowFeature]) -> dt.timedelta | None:
    """How far back the rows lie that features need; None: as far as there are any."""
    reaches = [None if feature.opened else feature.reach for feature in features]
    known = [reach for reach in reaches if reach is not None]
    return max(known, default=dt.timedelta(0)) if len(known) == len(reaches) else None


def aggregated(aggregation: Aggregation) -> Expr | None:
    """What an aggregation is of: a column, an expression, or None for the rows themselves."""
    if aggregation.column is not None:
        return col(aggregation.column)
    return parse_expression(aggregation.expr) if aggregation.expr is not None else None


def _value(view: FeatureView, aggregation: Aggregation, reduction: AggregationFunction, sql_type: str = "") -> Expr:
    """What is kept of a row; a text is said to be one: some warehouses have several orders for them."""
    condition = parse_expression(aggregation.where) if aggregation.where else None
    kept = row_value(reduction, _row_parts(view, aggregated(aggregation)), condition)
    if sql_type != "VARCHAR":
        return kept
    if parts(kept) is None:
        return cast(kept, "VARCHAR")
    return row_value(reduction, _row_parts(view, cast(_given(aggregation), "VARCHAR")), condition)


def _given(aggregation: Aggregation) -> Expr:
    value = aggregated(aggregation)
    return lit(1) if value is None else value


def _row_parts(view: FeatureView, value: Expr | None) -> RowParts:
    event, created = col(view.source.timestamp_field or ""), view.source.created_timestamp_column
    return RowParts(value, event, coalesce(col(created), event.copy()) if created else None)


def value_rows(
    view: FeatureView, features: Sequence[WindowFeature], types: Mapping[str, str] = MappingProxyType({})
) -> Query:
    """The source's rows with the values that the features reduce; types: of those values, as far as they are known."""
    opening = openings(features)
    every = (*features, *opening)
    values = {f.value: _value(view, f.aggregation, f.reduction, types.get(f.value, "")) for f in every}
    order = {ORDER: _order(_row_parts(view, None))} if opening else {}
    return source_rows(view, (values | order).items())


def sums_of_any_type(features: Iterable[WindowFeature]) -> list[WindowFeature]:
    """The features made from sums whose values are not whole numbers by definition."""
    return [f for f in features if not f.aggregation.reduction.integral and "SUM" in f.aggregates]


def value_types(view: FeatureView, features: Sequence[WindowFeature], types_of: TypesOf | None) -> Mapping[str, str]:
    """The types of the values that such sums are of, or that are compared; none where nobody can be asked."""
    summed = {feature.name for feature in sums_of_any_type(features)}
    unsure = [f for f in features if f.name in summed or f.aggregates & _COMPARING]
    if not unsure or types_of is None:
        return {}
    known = types_of.of(view, [f.name for f in features]) if isinstance(types_of, KnownTypes) else None
    if known is not None:
        return known
    kept = {f.value: (f, _value(view, f.aggregation, f.reduction)) for f in unsure}
    asked = {name: value if parts(value) is None else _given(f.aggregation) for name, (f, value) in kept.items()}
    return types_of(source_rows(view, asked.items()))


def filtered_at(at: Expr, rows: str, points: str) -> BindToWindow:
    """Simple aggregates of the rows of a window; points: where the row that opens it is."""

    def bind(aggregate: str, feature: WindowFeature) -> Expr:
        event, inside = col(EVENT_TIMESTAMP, rows), []
        if feature.reach is not None:
            inside.append(gt(event, sub(at.copy(), interval(feature.reach))))
        if feature.offset:
            inside.append(le(event.copy(), sub(at.copy(), interval(feature.offset))))
        if feature.opened is not None:
            inside.append(gt(col(ORDER, rows), col(feature.opened, points)))
        if aggregate == LIST:
            inside.append(is_not_null(col(feature.value, rows)))
        simple = simple_aggregate(aggregate, feature, rows)
        return filtered(simple, and_(*inside)) if inside else simple

    return bind


def windows_by_key(
    view: FeatureView, features: Sequence[WindowFeature], rows: str, at: Expr, opened: str | None = None
) -> Query:
    """Every key known at one moment with its window features: a GROUP BY.

    opened: each key with the rows that open its windows
    """
    keys, bind, reduced = view.join_keys, filtered_at(at, "events", "opened"), {}

    def named(aggregate: str, feature: WindowFeature) -> Expr:
        name = f"{feature.value}_{aggregate.lower()}_{feature.frame}"
        reduced[name] = bind(aggregate, feature)
        return col(name)

    columns = reduced_columns(features, named, at)
    same = and_(*(eq(col(key, "events"), col(key, "opened")) for key in keys))
    by_key = select(
        {**{key: col(key, "events") for key in keys}, **reduced},
        table(rows, alias="events"),
        joins=[Join(table(opened, alias="opened"), "inner", same)] if opened else [],
        where=[le(col(KNOWN_AT, "events"), at.copy())],
        group_by=[col(key, "events") for key in keys],
    )
    # outside, where a moment that is a parameter need not be grouped by
    return select({**{key: col(key) for key in keys}, **columns}, subquery(by_key, "by_key"))


def reduced_columns(features: Sequence[WindowFeature], bind: BindToWindow, at: Expr | None = None) -> dict[str, Expr]:
    """The features, from simple aggregates; at: the moment asked for, if it is known there."""

    def column(feature: WindowFeature) -> Expr:
        end = None if at is None else sub(at.copy(), interval(feature.offset)) if feature.offset else at.copy()
        simple = Bind(lambda aggregate: bind(aggregate, feature), feature.aggregation.settings, end)
        return feature.reduction.reduce(simple)

    return {feature.name: column(feature) for feature in features}


def simple_aggregate(name: str, feature: WindowFeature, rows: str | None = None) -> Expr:
    """An aggregate of the values of a feature: one of SIMPLE_AGGREGATES, or the function of SQL of that name."""
    value = col(feature.value, rows)
    if name in SIMPLE_AGGREGATES:
        return SIMPLE_AGGREGATES[name](value, feature.aggregation.settings)
    return func(name, value)

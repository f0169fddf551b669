"""Aggregations over trailing windows: the features they make, from which values, and how they reduce."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from aops_indb.features.aggregations import AggregationFunction, row_value
from aops_indb.features.definitions import EVENT_TIMESTAMP, Aggregation, FeatureView
from aops_indb.features.source_rows import KNOWN_AT, source_rows
from aops_indb.sqlgen.build import (
    Expr,
    and_,
    case,
    col,
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
from aops_indb.sqlgen.parse import parse_expression
from aops_indb.sqlgen.statements import Query, select, table
from aops_indb.sqlgen.windows import desc

# A simple aggregate beside those of SQL: the sum of floats from the largest to the smallest. Slow, and always the same.
IN_ORDER = "SUM_IN_ORDER"


@dataclass(frozen=True, slots=True)
class WindowFeature:
    """One aggregation over one window: the column it makes, and the column of row values it reduces.

    counted: the column whose count says over how many values a sum is
    """

    name: str
    aggregation: Aggregation
    reduction: AggregationFunction
    window: dt.timedelta
    value: str
    counted: str

    @property
    def aggregates(self) -> set[str]:
        """Names of the simple SQL aggregates that the feature is made from."""
        names: set[str] = set()

        def note(aggregate: str) -> Expr:
            names.add(aggregate)
            return lit(0)

        self.reduction.reduce(note)
        return names

    @property
    def offset(self) -> dt.timedelta:
        """How far the window's near end lies back."""
        return self.aggregation.offset or dt.timedelta(0)

    @property
    def frame(self) -> str:
        """A name of the window."""
        seconds, ago = int(self.window.total_seconds()), int(self.offset.total_seconds())
        return f"last_{seconds}s" + (f"_{ago}s_ago" if ago else "")

    @property
    def reach(self) -> dt.timedelta:
        """How far the window's far end lies back."""
        return self.window + self.offset


# Column types of a query, without running it; None where no warehouse can be asked.
TypesOf: TypeAlias = Callable[[Query], Mapping[str, str]]

# Binds a simple aggregate of a column of row values to the rows of a feature's window.
BindToWindow: TypeAlias = Callable[[str, WindowFeature], Expr]


def window_features(view: FeatureView, wanted: Collection[str]) -> list[WindowFeature]:
    """The view's window features that are wanted; equal row values share a column."""
    values: dict[str, str] = {}
    features = []
    for aggregation in view.aggregations:
        sql = _value(aggregation).sql("duckdb")
        for name, window in aggregation.features():
            if name in wanted:
                value = values.setdefault(sql, f"__value_{len(values) + 1}")
                features.append(WindowFeature(name, aggregation, aggregation.reduction, window, value, value))
    return features


def aggregated(aggregation: Aggregation) -> Expr | None:
    """What an aggregation is of: a column, an expression, or None for the rows themselves."""
    if aggregation.column is not None:
        return col(aggregation.column)
    return parse_expression(aggregation.expr) if aggregation.expr is not None else None


def _value(aggregation: Aggregation) -> Expr:
    value = aggregated(aggregation)
    condition = parse_expression(aggregation.where) if aggregation.where else None
    if aggregation.function == "count" and value is not None:
        value = case([(is_not_null(value), lit(1))])
    return row_value(aggregation.reduction, value, condition)


def value_rows(view: FeatureView, features: Sequence[WindowFeature]) -> Query:
    """The source's rows with the values that the features reduce."""
    values = {feature.value: _value(feature.aggregation) for feature in features}
    return source_rows(view, values.items())


def sums_of_any_type(features: Iterable[WindowFeature]) -> list[WindowFeature]:
    """The features made from sums whose values are not whole numbers by definition."""
    return [f for f in features if not f.aggregation.reduction.integral and "SUM" in f.aggregates]


def value_types(view: FeatureView, features: Sequence[WindowFeature], types_of: TypesOf | None) -> Mapping[str, str]:
    """The types of the columns of row values that such sums are of; none where nobody can be asked."""
    unsure = sums_of_any_type(features)
    return types_of(value_rows(view, unsure)) if unsure and types_of else {}


def filtered_at(at: Expr, rows: str | None) -> BindToWindow:
    def bind(aggregate: str, feature: WindowFeature) -> Expr:
        event = col(EVENT_TIMESTAMP, rows)
        inside = gt(event, sub(at.copy(), interval(feature.reach)))
        if feature.offset:
            inside = and_(inside, le(event.copy(), sub(at.copy(), interval(feature.offset))))
        return filtered(simple_aggregate(aggregate, col(feature.value, rows)), inside)

    return bind


def windows_by_key(view: FeatureView, features: Sequence[WindowFeature], rows: str, at: Expr) -> Query:
    """Every key known at one moment with its window features: a GROUP BY."""
    return select(
        {**{key: col(key) for key in view.join_keys}, **reduced_columns(features, filtered_at(at, None))},
        table(rows),
        where=[le(col(KNOWN_AT), at.copy())],
        group_by=[col(key) for key in view.join_keys],
    )


def reduced_columns(features: Sequence[WindowFeature], bind: BindToWindow) -> dict[str, Expr]:
    def column(feature: WindowFeature) -> Expr:
        return feature.reduction.reduce(lambda aggregate: bind(aggregate, feature))

    return {feature.name: column(feature) for feature in features}


def simple_aggregate(name: str, value: Expr) -> Expr:
    """An aggregate function of SQL by its name, or IN_ORDER, of values."""
    if name == IN_ORDER:
        return sum_in_order(value, [desc(func("ABS", value.copy())), desc(value.copy())])
    return func(name, value)

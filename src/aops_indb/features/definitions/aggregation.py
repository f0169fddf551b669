"""Reductions of the rows of windows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Self

from pydantic import model_validator

from aops_indb.errors import UnknownNameError
from aops_indb.features.aggregations import AGGREGATIONS, AggregationFunction
from aops_indb.features.definitions.base import Definition
from aops_indb.features.setting_types import ColumnName, Duration, Listed, SqlExpression, Text, Window, column_name
from aops_indb.features.types import parse_duration


class Aggregation(Definition):
    """Features that reduce the rows of trailing windows: one feature a window.

    column | expr:  what is reduced; neither: the rows themselves are counted
    function:       a name in AGGREGATIONS
    windows:        lengths such as "1h", "28d"; the window at time t holds rows with t - window < time <= t
    offset:         moves every window back by this length
    where:          only rows for which this SQL condition holds
    name:           features are named <name>_<window>; default <function>_<column>
    """

    function: Text
    windows: Listed[Window]
    column: ColumnName | None = None
    expr: SqlExpression | None = None
    offset: Duration | None = None
    where: SqlExpression | None = None
    name: Text = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.function not in AGGREGATIONS:
            raise UnknownNameError("aggregation function", self.function, AGGREGATIONS)
        if self.column is not None and self.expr is not None:
            raise ValueError("give column or expr, not both")
        if self.column is None and self.expr is None and self.reduction.needs_value:
            raise ValueError(f"{self.function} needs a column or an expr")
        if not self.name and self.expr is not None:
            raise ValueError("name: needed, since expr is not a plain column")
        if not self.windows or len(set(self.windows)) != len(self.windows):
            raise ValueError("windows: give one or more different lengths, e.g. ['7d', '28d']")
        for feature, _ in self.features():
            column_name(feature)
        return self

    @property
    def reduction(self) -> AggregationFunction:
        """The entry of AGGREGATIONS."""
        return AGGREGATIONS[self.function]

    def features(self) -> Iterator[tuple[str, dt.timedelta]]:
        """Name and window of each feature, in order."""
        stem = self.name or (f"{self.function}_{self.column}" if self.column else self.function)
        for window in self.windows:
            yield f"{stem}_{window}", parse_duration(window)

    def describe(self, window: str) -> str:
        """One sentence for the column's comment."""
        what = self.description or f"{self.function} of {self.column or self.expr or 'rows'}"
        return f"{what}, trailing {window}"

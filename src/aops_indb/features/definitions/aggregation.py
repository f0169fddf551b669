"""Reductions of the rows of windows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Self

from pydantic import model_validator

from aops_indb.errors import UnknownNameError
from aops_indb.features.aggregations import AGGREGATIONS, AggregationFunction, Settings
from aops_indb.features.definitions.base import Definition
from aops_indb.features.setting_types import (
    EXAMPLES,
    ColumnName,
    Count,
    Duration,
    Listed,
    Share,
    SqlExpression,
    Text,
    Window,
    column_name,
)
from aops_indb.features.types import LIFETIME, parse_window


def feature_names(function: str, windows: Iterable[str], column: str | None = None, name: str = "") -> list[str]:
    """The feature of each window.

    >>> feature_names("mean", ["7d", "lifetime"], "delay")
    ['mean_delay_7d', 'mean_delay_lifetime']
    """
    stem = name or (f"{function}_{column}" if column else function)
    return [f"{stem}_{window}" for window in windows]


class Aggregation(Definition):
    """Features that reduce the rows of trailing windows: one feature a window.

    column | expr:  what is reduced; neither: the rows themselves are counted
    function:       a name in AGGREGATIONS
    windows:        lengths such as "1h", "28d": the window at time t holds rows with t - window < time <= t;
                    "lifetime": all rows so far
    offset:         moves every window back by this length, its end too
    where:          only rows for which this SQL condition holds
    since:          only rows after the last row for which this SQL condition holds, that row not counted: those of a
                    later time, or of the same time and written later; before the first such row none
    n, q, half_life: what last_n, quantile and decayed_sum and decayed_count need
    name:           features are named <name>_<window>; default <function>_<column>
    """

    function: Text
    windows: Listed[Window]
    column: ColumnName | None = None
    expr: SqlExpression | None = None
    offset: Duration | None = None
    where: SqlExpression | None = None
    since: SqlExpression | None = None
    n: Count | None = None
    q: Share | None = None
    half_life: Duration | None = None
    name: Text = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.function not in AGGREGATIONS:
            raise UnknownNameError("aggregation function", self.function, AGGREGATIONS)
        if self.column is not None and self.expr is not None:
            raise ValueError("give column or expr, not both")
        if self.column is None and self.expr is None and self.reduction.needs_value:
            raise ValueError(f"{self.function} needs a column or an expr")
        if not self.name and (self.expr is not None or self.since is not None):
            said = "expr is not a plain column" if self.expr is not None else "since makes it another feature"
            raise ValueError(f"name: needed, since {said}")
        if not self.windows or len(set(self.windows)) != len(self.windows):
            raise ValueError("windows: give one or more different lengths, e.g. ['7d', '28d']")
        self._check_settings()
        for feature, _ in self.features():
            column_name(feature)
        return self

    def _check_settings(self) -> None:
        for setting in (field.name for field in fields(Settings)):
            given, needed = getattr(self, setting) is not None, setting in self.reduction.settings
            if needed and not given:
                raise ValueError(f"{self.function} needs {setting}: write e.g. {EXAMPLES[setting]}")
            if given and not needed:
                takers = [name for name, function in AGGREGATIONS.items() if setting in function.settings]
                raise ValueError(f"{setting}: {self.function} takes none, {' and '.join(takers)} do; leave it out")

    @property
    def reduction(self) -> AggregationFunction:
        """The entry of AGGREGATIONS."""
        return AGGREGATIONS[self.function]

    @property
    def settings(self) -> Settings:
        """What the function is given beside the rows."""
        return Settings(n=self.n, q=self.q, half_life=self.half_life)

    def features(self) -> Iterator[tuple[str, dt.timedelta | None]]:
        """Name and window of each feature, in order; None: all rows so far."""
        names = feature_names(self.function, self.windows, self.column, self.name)
        yield from zip(names, map(parse_window, self.windows), strict=True)

    def describe(self, window: str) -> str:
        """One sentence for the column's comment."""
        what = self.description or f"{self.function} of {self.column or self.expr or 'rows'}"
        length = "over all rows so far" if window == LIFETIME else f"trailing {window}"
        return f"{what}, {length}" + (f", since {self.since}" if self.since else "")

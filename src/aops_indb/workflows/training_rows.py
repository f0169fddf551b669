"""A kept training set as rows a model learns from: one period of it, as a query and as a DataFrame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

from aops_indb.errors import ModelError
from aops_indb.features.model import Model, Split
from aops_indb.features.spine import Feature
from aops_indb.sqlgen.build import Expr, and_, cast, col, ge, lit, lt
from aops_indb.sqlgen.parse import parse_expression
from aops_indb.sqlgen.statements import Query, parse_table, select

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

Period: TypeAlias = Literal["train", "validation", "test"]
PERIODS: tuple[Period, ...] = ("train", "validation", "test")
TARGET = "target__"


def period_rows(model: Model, dataset_table: str, period: Period, columns: Sequence[str]) -> Query:
    """The period's rows that can be learnt from: the columns, and the target as 0 or 1."""
    return learnable_rows(model, parse_table(dataset_table), period, columns)


def learnable_rows(model: Model, dataset: Expr, period: Period, columns: Sequence[str]) -> Query:
    """As `period_rows`, of any relation with the dataset's columns."""
    chosen = {column: col(column) for column in columns}
    target = cast(cast(parse_expression(model.target), "BOOLEAN"), "INTEGER")
    return select({**chosen, TARGET: target}, dataset, where=_conditions(model, period))


def _conditions(model: Model, period: Period) -> list[Expr]:
    split: Split = getattr(model, period)
    time = col(model.split_by)
    conditions: list[Expr] = [and_(ge(time, lit(split.start)), lt(time.copy(), lit(split.end)))]
    if model.population is not None:
        conditions.append(parse_expression(model.population))
    return conditions


def input_names(features: Sequence[Feature]) -> tuple[str, ...]:
    """Names of a model's input columns, in the service's order."""
    return tuple(feature.name for feature in features)


def model_frame(rows: pa.Table, inputs: Sequence[str]) -> pd.DataFrame:
    """The input columns as a model is given them: numbers and booleans as float64 with NaN for NULL, text."""
    import pyarrow as pa

    columns = {}
    for name in inputs:
        column = rows.column(name)
        kind = column.type
        if pa.types.is_boolean(kind):
            column = column.cast(pa.int8())
        if (
            pa.types.is_integer(kind)
            or pa.types.is_floating(kind)
            or pa.types.is_boolean(kind)
            or pa.types.is_decimal(kind)
        ):
            # beyond 2**53 it is rounded, as the libraries do and the warehouse's cast to DOUBLE
            columns[name] = column.cast(pa.float64(), safe=False)
        elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
            columns[name] = column
        else:
            raise ModelError(
                f"feature '{name}' is {kind}: a model takes numbers, booleans and text; make a number of it with an "
                "OnDemandFeature, e.g. the time since"
            )
    frame: pd.DataFrame = pa.table(columns).to_pandas()
    return frame

"""What people write in model_defs/: what is predicted, for which rows, from which features, by which estimators."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, model_validator

from aops_indb.errors import shown
from aops_indb.features.definitions import EVENT_TIMESTAMP, Definition, FeatureService, repeated
from aops_indb.features.setting_types import ColumnName, Listed, Moment, ObjectName, SourceQuery, SqlExpression, Text


def _executor(value: object) -> object:
    if not isinstance(value, str) or value not in EXECUTORS:
        raise ValueError(f"{shown(value)} is none: write one of {', '.join(map(repr, EXECUTORS))}")
    return value


EXECUTORS: tuple[str, ...] = ("sql", "onnx", "library")
Executor = Annotated[str, BeforeValidator(_executor)]


class Split(Definition):
    """A period of the spine: start <= time < end. Both have a time zone, or neither.

    >>> Split(start="2013-01-01T00:00:00Z", end="2013-10-01T00:00:00Z").end.month
    10
    """

    start: Moment
    end: Moment

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.start.tzinfo is None) != (self.end.tzinfo is None):
            raise ValueError("give both start and end a time zone, or neither")
        if self.end <= self.start:
            raise ValueError(f"end {self.end} is not after start {self.start}")
        return self


class Model(Definition):
    """What is predicted, for which rows, from which features, by which estimators.

    spine:       SELECT with the entities' join keys, event_timestamp (when the prediction is made), the
                 request columns, and whatever target and population speak of; one row for each prediction, and the same
                 ones whenever it is asked
    keys:        columns of the spine that the scored view shows; with event_timestamp they tell rows apart
    target:      SQL condition over the spine's columns, true or false; known only later, never an input
    population:  SQL condition: rows that can be learnt from and measured on
    candidates:  name -> function that makes an unfitted scikit-learn estimator; each is trained as a version
    executor:    what computes scores: "sql"; or for models without a SQL form their "library", or "onnx", ONNX
                 Runtime, both of which score in batches alone
    split_by:    column of the spine that the periods below refer to
    """

    name: ObjectName
    service: FeatureService
    spine: SourceQuery
    keys: Listed[ColumnName]
    target: SqlExpression
    population: SqlExpression | None = None
    candidates: dict[Text, Callable[[], Any]]
    executor: Executor = "sql"
    split_by: ColumnName = EVENT_TIMESTAMP
    train: Split
    validation: Split
    test: Split

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.candidates:
            raise ValueError("candidates: give one or more")
        if not self.keys or repeated(self.keys):
            raise ValueError("keys: give one or more different columns of the spine (SQL does not tell case apart)")
        if len({split.start.tzinfo is None for split in (self.train, self.validation, self.test)}) > 1:
            raise ValueError("give all periods a time zone, or none")
        periods = {"train": self.train, "validation": self.validation, "test": self.test}
        for (earlier, before), (later, after) in pairwise(periods.items()):
            if after.start < before.end:
                raise ValueError(
                    f"periods must follow one another: {earlier} ends {before.end}, but {later} starts {after.start}"
                )
        return self

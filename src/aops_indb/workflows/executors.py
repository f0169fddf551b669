"""What computes a version's scores: its SQL, or a function in batches for models that have no SQL form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol

from aops_indb.engines import Session
from aops_indb.errors import ModelError
from aops_indb.scoring import lower
from aops_indb.scoring.functions import ScoringFunction, library_function, onnx_function
from aops_indb.scoring.graph import Graph, Value, kind_of_value
from aops_indb.sqlgen.build import Expr, anonymous, cast, col, field, star, struct
from aops_indb.sqlgen.dialects import Dialect
from aops_indb.sqlgen.statements import Query, select, subquery
from aops_indb.workflows.formats import graph_of
from aops_indb.workflows.training_rows import model_frame

SQL = "sql"


class Scorer(Protocol):
    """A model that scores rows in the warehouse."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns it reads."""
        ...

    @property
    def outputs(self) -> tuple[str, ...]:
        """The columns it gives."""
        ...

    def scored(
        self, session: Session, rows: Expr, *, keys: Sequence[str], extra: Mapping[str, Expr] | None = None
    ) -> Query:
        """Keys, outputs and whatever is asked for in addition, of each row of a relation."""
        ...


@dataclass(frozen=True, slots=True)
class SqlScorer:
    """A score graph as SQL, which needs nothing of ours when it runs."""

    graph: Graph
    dialect: Dialect

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns it reads."""
        return self.graph.inputs

    @property
    def outputs(self) -> tuple[str, ...]:
        """The columns it gives."""
        return self.graph.output_names

    def scored(
        self,
        session: Session,  # noqa: ARG002 (as Scorer has it)
        rows: Expr,
        *,
        keys: Sequence[str],
        extra: Mapping[str, Expr] | None = None,
    ) -> Query:
        """As Scorer has it."""
        return lower(self.graph, rows, keys=keys, dialect=self.dialect, extra=extra or {})


@dataclass(frozen=True, slots=True)
class FunctionScorer:
    """A function that the session is taught, for as long as it lasts."""

    function: ScoringFunction

    @property
    def inputs(self) -> tuple[str, ...]:
        """The columns it reads."""
        return self.function.inputs

    @property
    def outputs(self) -> tuple[str, ...]:
        """The columns it gives."""
        return self.function.output_names

    def scored(
        self, session: Session, rows: Expr, *, keys: Sequence[str], extra: Mapping[str, Expr] | None = None
    ) -> Query:
        """As Scorer has it."""
        types = session.columns(select([star()], rows.copy()))
        takes = {name: "VARCHAR" if types[name] == "VARCHAR" else "DOUBLE" for name in self.inputs}
        name = f"aops_score_{next(_NUMBERS)}"
        gives = dict.fromkeys(self.outputs, "DOUBLE") | {"label": _label_type(self.function.classes)}
        session.register_function(name, lambda columns: self.function(model_frame(columns, self.inputs)), takes, gives)
        called = anonymous(name, struct({column: cast(col(column), sql_type) for column, sql_type in takes.items()}))
        inner = select({**{key: col(key) for key in keys}, _SCORED: called}, rows)
        columns: dict[str, Expr] = {key: col(key) for key in keys}
        columns |= {output: field(col(_SCORED), output) for output in self.outputs}
        return select(columns | dict(extra or {}), subquery(inner, "scored"))


_SCORED = "scored__"
# so that no two functions have one name
_NUMBERS = count(1)


def _label_type(classes: Sequence[Value]) -> str:
    """The type that a column of these constants has."""
    kind = kind_of_value(classes[0])
    if kind == "integer":
        return "INTEGER" if all(abs(int(label or 0)) < 2**31 for label in classes) else "BIGINT"
    return {"boolean": "BOOLEAN", "number": "DOUBLE", "text": "VARCHAR"}[kind]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted model as an executor takes it.

    inputs: the columns of its features, where it was fitted without names; onnx: its ONNX, if it has one
    """

    estimator: Any
    dialect: Dialect
    inputs: Sequence[str] | None = None
    onnx: bytes | None = None

    @property
    def names(self) -> Sequence[str]:
        """The columns of its features."""
        names = getattr(self.estimator, "feature_names_in_", self.inputs)
        if names is None:
            raise ModelError(f"{type(self.estimator).__name__} was fitted without column names: give them as inputs")
        return [str(name) for name in names]


def _sql(fitted: Fitted) -> Scorer:
    return SqlScorer(graph_of(fitted.estimator, fitted.inputs), fitted.dialect)


def _library(fitted: Fitted) -> Scorer:
    return FunctionScorer(library_function(fitted.estimator, fitted.names))


def _onnx(fitted: Fitted) -> Scorer:
    if fitted.onnx is None:
        raise ModelError(f"{type(fitted.estimator).__name__} has no ONNX form: use executor='library'")
    return FunctionScorer(onnx_function(fitted.onnx, fitted.estimator, fitted.names))


@dataclass(frozen=True, slots=True)
class Executor:
    """How a fitted model comes to score; tolerance: how far a probability may be from its library's."""

    scorer: Callable[[Fitted], Scorer]
    tolerance: float
    help: str


EXECUTORS: dict[str, Executor] = {
    SQL: Executor(_sql, 1e-9, "SQL alone: in views and batches, for any client"),
    "onnx": Executor(_onnx, 1e-5, "ONNX Runtime, in single precision: in batches"),
    "library": Executor(_library, 1e-9, "the library that fitted it: in batches"),
}

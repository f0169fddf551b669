"""What computes a version's scores: its SQL, or a function in batches for models that have no SQL form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aops_indb.engines import Session
from aops_indb.engines.functions import call_function, function_name
from aops_indb.errors import ModelError
from aops_indb.scoring import lower
from aops_indb.scoring.batches import ModelFunction, library_function, onnx_function
from aops_indb.scoring.graph import Forest, Graph, walk
from aops_indb.scoring.layouts.choice import beyond_planning
from aops_indb.scoring.lower import Lowered, lower_apart
from aops_indb.sqlgen.build import Expr, col, star
from aops_indb.sqlgen.dialects import Dialect
from aops_indb.sqlgen.statements import Query, Table, select
from aops_indb.workflows.formats import graph_of
from aops_indb.workflows.training_rows import model_frame

SQL, LIBRARY = "sql", "library"


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
    layout: str | None = None

    @property
    def has_forest(self) -> bool:
        """Whether there is anything to lay out."""
        return any(isinstance(node, Forest) for node in walk(self.graph.roots))

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
        return lower(self.graph, rows, keys=keys, dialect=self.dialect, extra=extra or {}, layout=self.layout)

    def scored_by_tables(
        self, rows: Expr, *, keys: Sequence[str], extra: Mapping[str, Expr], table_of: Callable[[str], Table]
    ) -> Lowered:
        """The same, with relations of constants that are tables; table_of: of each, by its name."""
        return lower_apart(self.graph, rows, keys=keys, dialect=self.dialect, extra=extra, table_of=table_of)


@dataclass(frozen=True, slots=True)
class FunctionScorer:
    """A function that the session is taught, for as long as it lasts."""

    function: ModelFunction

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
        return call_function(
            session,
            function_name(),
            lambda columns: self.function(model_frame(columns, self.inputs)),
            rows,
            keys=keys,
            takes={name: col(name) for name in self.inputs},
            types={name: "VARCHAR" if types[name] == "VARCHAR" else "DOUBLE" for name in self.inputs},
            gives=self.function.types,
            extra=extra or {},
        )


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted model as an executor takes it.

    inputs:  the columns of its features, where it was fitted without names
    onnx:    its ONNX, if it has one
    no_onnx: why it has none
    """

    estimator: Any
    dialect: Dialect
    inputs: Sequence[str] | None = None
    onnx: bytes | None = None
    no_onnx: str = "an export is made by aops train alone, of what it has fitted"

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
        raise ModelError(
            f"executor='onnx' has no ONNX of {type(fitted.estimator).__name__} to run: {fitted.no_onnx.rstrip('.')}. "
            "With executor='library' the model is run by its own library."
        )
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
    LIBRARY: Executor(_library, 1e-9, "the library that fitted it: in batches"),
}


WHY_LIBRARY = "exact as well, and many times as fast as SQL for a forest of this size"


def batch_executor(executor: str, scorer: Scorer) -> str:
    """What scores a version in batches: its executor, or its library where that would be a forest too large for SQL."""
    return LIBRARY if isinstance(scorer, SqlScorer) and too_large(scorer.graph) else executor


def too_large(graph: Graph) -> bool:
    """Whether a forest of it takes many times as long in SQL as in its library, which says the same."""
    return any(isinstance(node, Forest) and beyond_planning(node) for node in walk(graph.roots))

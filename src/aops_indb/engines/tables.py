"""What a warehouse does to fill a table with scores: by a query of its own, or by a function of batches of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from aops_indb.errors import RefusedError
from aops_indb.sqlgen.build import Expr, cast, col

if TYPE_CHECKING:
    import pyarrow as pa

    from aops_indb.sqlgen.dialects import Dialect
    from aops_indb.sqlgen.statements import Query

# What a function is given of a column, and for a number what it may have been before.
InputKind: TypeAlias = Literal["number", "boolean", "text"]
Step: TypeAlias = Literal["make", "fill", "make anew"]


class BatchFunction(Protocol):
    """From a table of inputs to one of outputs, with a row for each row."""

    def __call__(self, rows: pa.Table) -> pa.Table: ...

    def to_travel(self) -> BatchFunction:
        """The same for other processes: as it is pickled it is bytes and names."""
        ...


@dataclass(frozen=True, slots=True)
class Batches:
    """Rows, and what scores them.

    keys:    columns to pass through as they are
    inputs:  columns that the function is given, in its order
    outputs: columns that it gives, with types as `sqlgen.build.cast` takes them
    """

    rows: Expr
    keys: Sequence[str]
    inputs: Mapping[str, InputKind]
    function: BatchFunction
    outputs: Mapping[str, str]


class Tables(Protocol):
    """The tables of a warehouse, for as long as a connection lasts."""

    dialect: Dialect
    # types, without what stands in parentheses behind them; what is missing here no model takes
    kinds: Mapping[str, InputKind]

    def columns(self, query: Query) -> dict[str, str]:
        """Column name -> type as the warehouse writes it, in order; the query is not run for it."""
        ...

    def arrow(self, query: Query) -> pa.Table:
        """All rows of a query."""
        ...

    def keep(self, target: str, query: Query, *, note: str, replace: bool) -> int:
        """Have the table hold the rows of a query, and no others; how many they are.

        A table that is there keeps its columns, or RefusedError is raised; replace: it is made anew instead.
        note: its comment. What fails leaves everything as it was.
        """
        ...

    def keep_batches(self, target: str, batches: Batches, *, note: str, replace: bool) -> int:
        """The same with rows that a function scores."""
        ...


def next_step(target: str, present: Mapping[str, str] | None, made: Mapping[str, str], *, replace: bool) -> Step:
    """What to do about a table: columns and types it has, None if it is not there, and is to have.

    >>> next_step("scores", {"id": "BIGINT"}, {"id": "BIGINT", "label": "VARCHAR"}, replace=True)
    'make anew'
    """
    if present is None:
        return "make"
    if present == made:
        return "fill"
    if replace:
        return "make anew"
    had, given = (", ".join(f"{name} {kind}" for name, kind in each.items()) for each in (present, made))
    raise RefusedError(
        f"{target} has the columns {had}, and the scores would be {given}: name another table, or give replace=True "
        "to make it anew; nothing was changed"
    )


def refuse_view(target: str) -> RefusedError:
    """The error for what is no table."""
    return RefusedError(f"{target} is a view, and scores are kept in a table: name another; nothing was changed")


def read_as(name: str, kind: InputKind) -> Expr:
    """An input as a function is given it: text, or a double."""
    if kind == "text":
        return cast(col(name), "VARCHAR")
    # PostgreSQL makes no double of a boolean
    return cast(cast(col(name), "INTEGER") if kind == "boolean" else col(name), "DOUBLE")

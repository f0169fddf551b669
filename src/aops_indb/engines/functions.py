"""Queries that call a function which a session was taught."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING

from aops_indb.engines.base import Session
from aops_indb.sqlgen.build import Expr, anonymous, cast, col
from aops_indb.sqlgen.lists import field, struct
from aops_indb.sqlgen.statements import Query, select, subquery

if TYPE_CHECKING:
    import pyarrow as pa

_SCORED = "scored__"
# so that no two functions have one name
_NUMBERS = count(1)


def function_name() -> str:
    """A name that no other function of this process has."""
    return f"aops_score_{next(_NUMBERS)}"


def call_function(
    session: Session,
    name: str,
    function: Callable[[pa.Table], pa.Table],
    rows: Expr,
    *,
    keys: Sequence[str],
    takes: Mapping[str, Expr],
    types: Mapping[str, str],
    gives: Mapping[str, str],
    extra: Mapping[str, Expr] = MappingProxyType({}),
) -> Query:
    """Teach the session a function, and ask for the keys, what it gives, and what is asked for in addition, per row.

    takes: its inputs, as expressions over the rows' columns; types, gives: types of its inputs and outputs
    """
    session.register_function(name, function, types, gives)
    called = anonymous(name, struct({column: cast(value, types[column]) for column, value in takes.items()}))
    inner = select({**{key: col(key) for key in keys}, _SCORED: called}, rows)
    columns: dict[str, Expr] = {key: col(key) for key in keys}
    columns |= {output: field(col(_SCORED), output) for output in gives}
    return select(columns | dict(extra), subquery(inner, "scored"))

"""What rows hold, in few characters: by functions that every warehouse has in some way, each with values of its own."""

from __future__ import annotations

from collections.abc import Collection

from aops_indb.sqlgen.build import Expr, anonymous, cast, col, func, ident, string_agg
from aops_indb.sqlgen.statements import Query, Table, select, subquery

_ROW_HASH = "row_hash"


def row_hashes(relation: Table, columns: Collection[str], name: str) -> Query:
    """SHA-256 of these columns of each row of a table, as a column of that name."""
    row = row_name(columns)
    whole = cast(row_as_json(row), "VARCHAR")
    chosen = select([col(column) for column in columns], relation)
    return select({name: anonymous("SHA256", whole)}, subquery(chosen, row))


def row_name(columns: Collection[str]) -> str:
    """A name for a relation of these columns, by which each of its rows can be spoken of as a whole.

    >>> row_name(["a", "Row_"])
    'row__'
    """
    # a column of the relation's name would be taken for the row
    taken = {column.lower() for column in columns}
    return next(each for each in (f"row{'_' * n}" for n in range(1, len(taken) + 2)) if each not in taken)


def row_as_json(relation: str) -> Expr:
    """A whole row of a relation as JSON, column to value."""
    return func("TO_JSON", ident(relation))


def hash_of_all(name: str) -> Expr:
    """SHA-256 of the texts of a column, in order."""
    return anonymous("SHA256", string_agg(col(name), order_by=[col(name)]))


def row_hash(columns: Collection[str]) -> Expr:
    """A number that differs for most rows that differ, for sums of them."""
    made = anonymous("HASH", *(col(column) for column in columns))
    made.meta[_ROW_HASH] = True
    return made


def is_row_hash(node: Expr) -> bool:
    """Whether a node is `row_hash`, and not a function that somebody called."""
    return bool(node.meta.get(_ROW_HASH))

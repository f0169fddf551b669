"""Constants that a model has stored, as relations that a query reads: written with it, or tables of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from aops_indb.scoring.graph import Value
from aops_indb.scoring.names import Names
from aops_indb.sqlgen.build import cast, col, lit
from aops_indb.sqlgen.lists import listed, unnested
from aops_indb.sqlgen.statements import Query, Table, select, table, values


@dataclass(frozen=True, slots=True)
class Parameters:
    """A relation of constants.

    types:   SQL types of its columns, by name
    columns: their values, as many in each
    many:    numbers without NULL, so many that they are written as DuckDB's lists: constants one by one take long
    whole:   as many, and each column is one list, in the only row there is; they may differ in length
    """

    types: Mapping[str, str]
    columns: Mapping[str, Sequence[Value]]
    many: bool = False
    whole: bool = False

    @property
    def column_types(self) -> Mapping[str, str]:
        """SQL types of the columns as they are stored."""
        return {name: f"{type_}[]" for name, type_ in self.types.items()} if self.whole else self.types

    @property
    def stored(self) -> Mapping[str, Sequence[Value | Sequence[Value]]]:
        """The columns as they are stored."""
        return {name: [list(values)] for name, values in self.columns.items()} if self.whole else self.columns

    def query(self) -> Query:
        """Its rows, in their order."""
        if self.many or self.whole:
            lists = {name: listed(self.columns[name], type_) for name, type_ in self.types.items()}
            return select(lists if self.whole else {name: unnested(values) for name, values in lists.items()})
        rows = [list(row) for row in zip(*(self.columns[name] for name in self.types), strict=True)]
        # the first row says what type each column has
        first = [cast(lit(value), type_) for value, type_ in zip(rows[0], self.types.values(), strict=True)]
        written = [first, *([lit(value) for value in row] for row in rows[1:])]
        return select([col(name) for name in self.types], values(written, list(self.types), "stored"))


class ParameterTables:
    """The relations of constants that one query reads.

    table_of: what the query is to read a relation of that name from
    """

    def __init__(self, taken: Iterable[str] = (), table_of: Callable[[str], Table] = table) -> None:
        self._names = Names(taken)
        self._table_of = table_of
        self.tables: dict[str, Parameters] = {}

    def add(self, name: str, parameters: Parameters) -> Callable[[], Table]:
        """Have the query read a relation, by that name if it is free; gives what it is read from."""
        claimed = self._names.claim(name)
        self.tables[claimed] = parameters
        return lambda: self._table_of(claimed)

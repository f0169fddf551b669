"""Nested sub-selects: each adds columns computed from those of the stages below it, and passes on what is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlglot import exp

from aops_indb.scoring.graph import Forest
from aops_indb.scoring.names import Names
from aops_indb.sqlgen.build import Expr, col, columns_of
from aops_indb.sqlgen.statements import aliased, select, subquery


@dataclass(frozen=True, slots=True)
class Column:
    """A column of stage number `stage`; later stages can refer to it."""

    name: str
    stage: int

    def ref(self) -> Expr:
        """A reference to the column."""
        return col(self.name)


class Stages:
    """Columns in the order of their stages; stage 0 reads the source."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._columns: list[dict[str, Expr]] = [{}]
        self._steps: list[list[str]] = [["inputs"]]

    def place(self, step: str, name: str, expression: Expr, *, after: int) -> Column:
        """A new column of the stage after number `after`; -1 for one that reads the source.

        step: what the stage is called after
        """
        stage = after + 1
        while len(self._columns) <= stage:
            self._columns.append({})
            self._steps.append([])
        column = Column(self._names.claim(name), stage)
        self._columns[stage][column.name] = expression
        if step and step not in self._steps[stage]:
            self._steps[stage].append(step)
        return column

    def select(self, source: Expr, keys: Sequence[str], outputs: Mapping[str, Expr]) -> exp.Select:
        """The outermost SELECT: keys, then outputs, from the nested stages."""
        needed = set().union(*(columns_of(output) for output in outputs.values()))
        layers: list[tuple[int, list[str], dict[str, Expr]]] = []
        for stage in reversed(range(len(self._columns))):
            own = {name: column for name, column in self._columns[stage].items() if name in needed}
            passed = needed - own.keys()
            if own:
                layers.append((stage, [name for name in self._order(stage) if name in passed], own))
            needed = passed.union(*(columns_of(column) for column in own.values())) if stage else set()
        for stage, passed_on, own in reversed(layers):
            source = subquery(_select([*keys, *passed_on], own, source), self._alias(stage))
        return _select(keys, outputs, source)

    def _order(self, stage: int) -> list[str]:
        return [name for columns in self._columns[:stage] for name in columns]

    def _alias(self, stage: int) -> str:
        steps = self._steps[stage]
        return Names().claim("_".join([f"s{stage}", *steps[:3]]))


def _select(passed_on: Sequence[str], own: Mapping[str, Expr], source: Expr) -> exp.Select:
    return select([*map(col, passed_on), *(aliased(column, name) for name, column in own.items())], source)


# From a forest, the columns that hold its inputs, and the names wanted for its outputs, to a column per output.
Layout: TypeAlias = Callable[[Forest, Sequence[Column], Sequence[str], Stages], Sequence[Column]]

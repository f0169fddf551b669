"""Nested sub-selects: each adds columns computed from those of the stages below it, and passes on what is needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from aops_indb.scoring.graph import Forest
from aops_indb.scoring.names import Names
from aops_indb.sqlgen.build import Expr, col
from aops_indb.sqlgen.parse import column_uses, is_column
from aops_indb.sqlgen.statements import Join, Select, aliased, lateral_once, select, subquery


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

    def select(self, source: Expr, keys: Sequence[str], outputs: Mapping[str, Expr], *, repeated: bool) -> Select:
        """The outermost SELECT: keys, then outputs, from the nested stages.

        repeated: whether the engine would compute a stage's expressions at every use, unless kept from it
        """
        for layer in reversed(self._layers(outputs)):
            passed_on = [*keys, *layer.passed_on]
            if repeated and layer.repeats:
                own = lateral_once(select(layer.own), layer.alias)
                before = [col(name, source.alias_or_name) for name in passed_on]
                added = [col(name, layer.alias) for name in layer.own]
                inner = select([*before, *added], source, joins=[Join(own, "cross")])
            else:
                inner = _select(passed_on, layer.own, source)
            source = subquery(inner, layer.alias)
        return _select(keys, outputs, source)

    def _layers(self, outputs: Mapping[str, Expr]) -> list[_Layer]:
        """What each stage has to compute and to pass on, the outermost first; stages without use are left out."""
        uses = Counter(name for output in outputs.values() for name in column_uses(output))
        layers = []
        for stage in reversed(range(len(self._columns))):
            own = {name: column for name, column in self._columns[stage].items() if name in uses}
            if not own:
                continue
            passed_on = [name for columns in self._columns[:stage] for name in columns if name in uses]
            repeats = any(uses[name] > 1 and not is_column(column) for name, column in own.items())
            layers.append(_Layer(self._alias(stage), passed_on, own, repeats))
            if stage:
                uses.update(name for column in own.values() for name in column_uses(column))
        return layers

    def _alias(self, stage: int) -> str:
        return Names().claim("_".join([f"s{stage}", *self._steps[stage][:3]]))


@dataclass(frozen=True, slots=True)
class _Layer:
    """One sub-select: its own columns, those it passes on, and whether one of its own is used more than once."""

    alias: str
    passed_on: Sequence[str]
    own: Mapping[str, Expr]
    repeats: bool


def _select(passed_on: Sequence[str], own: Mapping[str, Expr], source: Expr) -> Select:
    return select([*map(col, passed_on), *(aliased(column, name) for name, column in own.items())], source)


# From a forest, the columns that hold its inputs, and the names wanted for its outputs, to a column per output.
Layout: TypeAlias = Callable[[Forest, Sequence[Column], Sequence[str], Stages], Sequence[Column]]

"""Nested sub-selects: each adds columns computed from those of the stages below it, and passes on what is needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aops_indb.scoring.names import Names
from aops_indb.sqlgen.build import Expr, col
from aops_indb.sqlgen.parse import column_uses, is_column, qualify
from aops_indb.sqlgen.statements import Join, Select, aliased, fenced, lateral, lateral_once, select, subquery


@dataclass(frozen=True, slots=True)
class Column:
    """A column of stage number `stage`; later stages can refer to it."""

    name: str
    stage: int

    def ref(self) -> Expr:
        """A reference to the column."""
        return col(self.name)


class Stages:
    """Columns in the order of their stages; stage 0, called `first`, reads the source."""

    def __init__(self, names: Names, first: str = "inputs") -> None:
        self._names = names
        self._columns: list[dict[str, Expr]] = [{}]
        self._steps: list[list[str]] = [[first]]
        self._joins: dict[tuple[int, str], Join] = {}

    def place(self, step: str, name: str, expression: Expr, *, after: int) -> Column:
        """A new column of the stage after number `after`; -1 for one that reads the source.

        step: what the stage is called after
        """
        return self._add(step, self._names.claim(name), expression, after + 1)

    def _add(self, step: str, name: str, expression: Expr, stage: int) -> Column:
        while len(self._columns) <= stage:
            self._columns.append({})
            self._steps.append([])
        column = Column(name, stage)
        self._columns[stage][column.name] = expression
        if step and step not in self._steps[stage]:
            self._steps[stage].append(step)
        return column

    def place_joined(self, step: str, name: str, alias: str, *, after: int) -> Column:
        """A new column of the stage after number `after`, out of what it joins by that alias; its name is claimed."""
        return self._add(step, name, col(name, alias), after + 1)

    def join(self, alias: str, query: Select, *, stage: int) -> None:
        """A query that a stage joins to each of its rows, with the alias its columns refer to."""
        self._joins[stage, alias] = Join(lateral(query, alias), "cross")

    def look_up(self, relation: Expr, on: Expr, *, stage: int, always: bool = False) -> None:
        """A relation of which a stage joins to each of its rows the one that meets the condition, if there is one.

        always: there is one of each row
        """
        self._joins[stage, relation.alias_or_name] = Join(relation, "inner" if always else "left", on)

    def claim(self, name: str) -> str:
        """The name, or one like it that is free."""
        return self._names.claim(name)

    def put_beside(self, relation: Expr, *, stage: int) -> None:
        """A relation of one row that a stage has beside each of its rows."""
        self._joins[stage, relation.alias_or_name] = Join(relation, "cross")

    def select(
        self,
        source: Expr,
        keys: Sequence[str],
        outputs: Mapping[str, Expr],
        *,
        repeated: bool,
        filters_pass: bool = True,
    ) -> Select:
        """The outermost SELECT: keys, then outputs, from the nested stages.

        repeated:     whether the engine would compute a stage's expressions at every use, unless kept from it
        filters_pass: keep it from that in a way that lets conditions on keys through
        """
        for layer in reversed(self._layers(outputs)):
            passed_on = [*keys, *layer.passed_on]
            joins = layer.joins
            if repeated and layer.repeats and filters_pass:
                own = lateral_once(select(layer.own), layer.alias)
                before = [col(name, source.alias_or_name) for name in passed_on]
                added = [col(name, layer.alias) for name in layer.own]
                inner = select([*before, *added], source, joins=[*joins, Join(own, "cross")])
            else:
                inner = _select(passed_on, layer.own, source, joins)
                inner = fenced(inner) if repeated and layer.repeats else inner
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
            joins = [join for (joined, _), join in self._joins.items() if joined == stage]
            layers.append(_Layer(self._alias(stage), passed_on, own, joins, repeats))
            uses.update(
                name for join in joins for part in (join.relation, join.on) if part for name in column_uses(part)
            )
            if stage:
                uses.update(name for column in own.values() for name in column_uses(column))
        return layers

    def _alias(self, stage: int) -> str:
        return Names().claim("_".join([f"s{stage}", *self._steps[stage][:3]]))


@dataclass(frozen=True, slots=True)
class _Layer:
    """One sub-select: columns of its own, those it passes on, what it joins, and whether it is to be kept whole.

    repeats: one of its own columns is more than a reference, and used more than once
    """

    alias: str
    passed_on: Sequence[str]
    own: Mapping[str, Expr]
    joins: Sequence[Join]
    repeats: bool


def _select(passed_on: Sequence[str], own: Mapping[str, Expr], source: Expr, joins: Sequence[Join] = ()) -> Select:
    # what is joined has columns by names of its own, which people's columns may have, too
    before = source.alias_or_name if joins else ""
    for tree in (*own.values(), *(join.on for join in joins if join.on)) if joins else ():
        qualify(tree, before)
    columns = [*(col(name, before) for name in passed_on), *(aliased(column, name) for name, column in own.items())]
    return select(columns, source, joins=joins)

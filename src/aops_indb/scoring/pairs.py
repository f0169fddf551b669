"""Reductions over stored rows: a query per stage and relation, joined to each row by LATERAL.

The stored rows are a table, or a common table expression that an engine computes once. A cross join with GROUP BY on
a row number would have to carry every key, or join back; a lateral query keeps one row out for each row in as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from aops_indb.scoring.expressions import EXPRESSIONS, REPEATING
from aops_indb.scoring.graph import (
    Apply,
    Constant,
    Named,
    Node,
    Reduce,
    Relation,
    Stored,
    children,
    relations_of,
    walk,
)
from aops_indb.scoring.names import Names
from aops_indb.scoring.parameters import Parameters, ParameterTables
from aops_indb.scoring.stages import Column, Stages
from aops_indb.sqlgen.build import Expr, col, func
from aops_indb.sqlgen.statements import Table, select, subquery
from aops_indb.sqlgen.windows import asc

AGGREGATES = {"sum": "SUM", "minimum": "MIN", "maximum": "MAX", "smallest": "MAX"}

# Of what a query joined to a stage is: the stage, the relation, and of "smallest" the value and the rank.
_Key: TypeAlias = tuple[int, Relation, Node | None, int]


@dataclass(slots=True)
class _Group:
    alias: str
    members: dict[str, Reduce] = field(default_factory=dict)


class Reductions:
    """The reductions of a graph."""

    def __init__(self, roots: Iterable[Node], names: Names, parameters: ParameterTables) -> None:
        self._relations = {node: next(iter(found)) for node, found in relations_of(roots).items() if found}
        self._names = names
        self._parameters = parameters
        self._tables: dict[Relation, Callable[[], Table]] = {}
        self._groups: dict[_Key, _Group] = {}

    def is_pair(self, node: Node) -> bool:
        """Whether a node has a value per stored row."""
        return node in self._relations

    def per_row(self, reduce: Reduce) -> list[Node]:
        """The nodes with one value per row that the value to be reduced is computed from, without constants."""
        pairs = [node for node in walk([reduce.of]) if self.is_pair(node)]
        parts = (child for node in pairs for child in children(node))
        return [part for part in dict.fromkeys(parts) if not self.is_pair(part) and not isinstance(part, Constant)]

    def place(self, reduce: Reduce, title: tuple[str, str], stages: Stages, *, after: int) -> Column:
        """A column of the stage after number `after` for the reduction."""
        relation, ranked = self._relations[reduce.of], reduce.op == "smallest"
        if relation not in self._tables:
            columns = dict(zip(relation.columns, zip(*relation.rows, strict=True), strict=True))
            stored = Parameters(dict.fromkeys(relation.columns, "DOUBLE"), columns)
            self._tables[relation] = self._parameters.add(relation.name, stored)
        key = (after + 1, relation, reduce.of if ranked else None, reduce.rank)
        if key not in self._groups:
            self._groups[key] = _Group(self._names.claim(f"{relation.name}__reduced"))
        group = self._groups[key]
        name = self._names.claim(title[1])
        group.members[name] = reduce
        return stages.place_joined(title[0], name, group.alias, after=after)

    def join(self, stages: Stages, refer: Callable[[Node], Expr], *, repeated: bool) -> None:
        """Give the stages the queries they join.

        refer: the expression for a node with one value per row
        """
        for (stage, relation, ranked, rank), group in self._groups.items():
            writer = _Pairs(self._names, self._relations, refer)
            found = writer.expressions([reduce.of for reduce in group.members.values()])
            source: Expr = self._tables[relation]()
            if ranked is not None:
                near = writer.stages.select(source, (), {"value": found[0]}, repeated=repeated, filters_pass=False)
                ordered = select([col("value")], subquery(near, "pairs"), order_by=[asc(col("value"))], limit=rank)
                query = select({name: func("MAX", col("value")) for name in group.members}, subquery(ordered, "near"))
            else:
                totals = {
                    name: func(AGGREGATES[reduce.op], expression)
                    for (name, reduce), expression in zip(group.members.items(), found, strict=True)
                }
                query = writer.stages.select(source, (), totals, repeated=repeated, filters_pass=False)
            stages.join(group.alias, query, stage=stage)


class _Pairs:
    """Values per stored row as expressions; one used in several places is a column of a stage."""

    def __init__(self, names: Names, relations: Mapping[Node, Relation], refer: Callable[[Node], Expr]) -> None:
        self.stages = Stages(names, "stored")
        self._relations = relations
        self._refer = refer
        self._columns: dict[Node, Column] = {}
        self._pending: dict[Node, tuple[Expr, int]] = {}

    def expressions(self, roots: Sequence[Node]) -> list[Expr]:
        """The expression of each."""
        uses = Counter(roots)
        titles = {node.of: node.name for node in walk(roots) if isinstance(node, Named)}
        nodes = [node for node in walk(roots, known=self._outside(roots)) if node in self._relations]
        for node in nodes:
            repeats = isinstance(node, Named) or (isinstance(node, Apply) and node.op in REPEATING)
            uses.update([child for child in children(node) if child in self._relations] * (2 if repeats else 1))
        for node in nodes:
            self._add(node, titles.get(node, getattr(node, "op", "value")), shared=uses[node] > 1)
        return [self._use(root)[0] for root in roots]

    def _outside(self, roots: Sequence[Node]) -> list[Node]:
        pairs = [node for node in walk(roots) if node in self._relations]
        return [child for node in pairs for child in children(node) if child not in self._relations]

    def _add(self, node: Node, title: str, *, shared: bool) -> None:
        if isinstance(node, Stored):
            name = node.of.columns[node.column]
            self._columns[node] = self.stages.place("", name, col(name), after=-1)
            return
        if isinstance(node, Named) and node.of in self._columns:
            self._columns[node] = self._columns[node.of]
            return
        parts = [self._use(child) for child in children(node)]
        expression = EXPRESSIONS[type(node)](node, [part for part, _ in parts])
        stage = max(stage for _, stage in parts)
        if shared:
            self._columns[node] = self.stages.place("", title, expression, after=stage)
        else:
            self._pending[node] = expression, stage

    def _use(self, node: Node) -> tuple[Expr, int]:
        if node in self._columns:
            column = self._columns[node]
            return column.ref(), column.stage
        return self._pending.pop(node) if node in self._pending else (self._refer(node), -1)

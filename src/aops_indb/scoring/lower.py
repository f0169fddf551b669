"""From score graph to one SELECT of nested stages, in which every intermediate is computed once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from aops_indb.errors import ModelInputError
from aops_indb.scoring.category_tables import CategoryTables
from aops_indb.scoring.expressions import EXPRESSIONS, read_input
from aops_indb.scoring.graph import Constant, Forest, Graph, Input, Lookup, Named, Node, Part, Reduce, children, walk
from aops_indb.scoring.layouts import Layouts, layouts_for
from aops_indb.scoring.names import Names, require_told_apart
from aops_indb.scoring.pairs import Reductions
from aops_indb.scoring.parameters import Parameters, ParameterTables
from aops_indb.scoring.stages import Column, Stages
from aops_indb.scoring.underflow import without_underflow
from aops_indb.scoring.verify import verify
from aops_indb.sqlgen.build import Expr, case, lit, or_
from aops_indb.sqlgen.dialects import Dialect
from aops_indb.sqlgen.parse import columns_of, tables_of
from aops_indb.sqlgen.statements import Select, Table, table, with_ctes


@dataclass(frozen=True, slots=True)
class Lowered:
    """A graph as a SELECT, and by name the relations of constants that it reads."""

    query: Select
    parameters: Mapping[str, Parameters]


def lower(
    graph: Graph,
    source: Expr,
    *,
    keys: Sequence[str],
    dialect: Dialect,
    extra: Mapping[str, Expr] = MappingProxyType({}),
    layout: str | None = None,
) -> Select:
    """One self-contained SELECT: the keys, the graph's outputs, then `extra`.

    source: a table, or a query in parentheses (sqlgen.statements: table, parse_table, subquery)
    extra:  further columns by name; expressions over the source's columns, or constants
    layout: entry of LAYOUTS that forests are laid out by; by default the best one for each

    Raises ModelInputError where a key, an output and an extra column would have one name, and for layouts as
    `layouts_for` does.

    >>> from aops_indb.scoring.graph import Input, Linear
    >>> from aops_indb.sqlgen.dialects import dialect
    >>> from aops_indb.sqlgen.statements import Select, parse_table
    >>> graph = Graph(("x",), (("twice", Linear((Input("x", "number"),), (2.0,))),))
    >>> lower(graph, parse_table("t"), keys=["id"], dialect=dialect("duckdb")).named_selects
    ['id', 'twice']
    """
    layouts = layouts_for(dialect, layout=layout, in_tables=False)
    lowered = _lowered(graph, source, keys, dialect, extra, layouts, table)
    stored = {name: parameters.query() for name, parameters in lowered.parameters.items()}
    return with_ctes(lowered.query, stored, materialized=stored)


def lower_apart(
    graph: Graph,
    source: Expr,
    *,
    keys: Sequence[str],
    dialect: Dialect,
    extra: Mapping[str, Expr] = MappingProxyType({}),
    table_of: Callable[[str], Table] = table,
    layout: str | None = None,
) -> Lowered:
    """As `lower`, with relations of constants that are tables.

    table_of: the table of each, by its name
    """
    layouts = layouts_for(dialect, layout=layout, in_tables=True)
    return _lowered(graph, source, keys, dialect, extra, layouts, table_of)


def _lowered(
    graph: Graph,
    source: Expr,
    keys: Sequence[str],
    dialect: Dialect,
    extra: Mapping[str, Expr],
    layouts: Layouts,
    table_of: Callable[[str], Table],
) -> Lowered:
    graph = without_underflow(graph) if dialect.raises_on_underflow else graph
    verify(graph)
    _check_names(keys, graph.output_names, extra)
    require_told_apart(graph.inputs, dialect)
    names = Names([*keys, *extra])
    parameters = ParameterTables(tables_of(source), table_of)
    reductions = Reductions(graph.roots, names, parameters)
    categories = CategoryTables(graph.roots, names, parameters, dialect.binary_collation)
    plan = _plan(graph, reductions, categories)
    lowering = _Lowering(Stages(names), layouts, plan, reductions, categories, parameters)
    for node in walk(graph.roots):
        lowering.add(node)
    outputs = lowering.outputs(graph) | lowering.extra(extra)
    repeated = dialect.repeats_subqueries
    reductions.join(lowering.stages, lambda node: lowering.use(node)[0], repeated=repeated)
    return Lowered(lowering.stages.select(source, keys, outputs, repeated=repeated), parameters.tables)


def _check_names(keys: Sequence[str], outputs: Sequence[str], extra: Mapping[str, Expr]) -> None:
    seen: dict[str, str] = {}
    for kind, names in (("key", keys), ("output", outputs), ("extra column", extra)):
        for name in names:
            if name.lower() in seen:
                raise ModelInputError(
                    f"{kind} '{name}' has the name of another {seen[name.lower()]}; rename one of them."
                )
            seen[name.lower()] = kind


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which nodes get a column of their own, the step and name it is known by, and those of forests' outputs."""

    placed: frozenset[Node]
    titles: Mapping[Node, tuple[str, str]]
    forests: Mapping[Forest, Sequence[str]]


def _plan(graph: Graph, reductions: Reductions, categories: CategoryTables) -> _Plan:
    uses = Counter(root for root in graph.roots)
    titles: dict[Node, tuple[str, str]] = {}
    placed: set[Node] = set()
    for node in walk(graph.roots):
        uses.update(children(node))
        if isinstance(node, Named):
            titles.setdefault(node.of, (node.step, f"{node.step}__{node.name}"))
            placed.add(node.of)
        if isinstance(node, Forest):
            placed.update(node.inputs)
        if isinstance(node, Reduce):
            placed.update(reductions.per_row(node))
        if node in categories:
            placed.update(children(node))
    for name, node in graph.outputs:
        titles.setdefault(node, ("", name))
    placed.update(node for node, count in uses.items() if count > 1)
    forests = {node: [f"{node.step}__{k}" for k in range(len(node.start))] for node in uses if isinstance(node, Forest)}
    for node in uses:
        if isinstance(node, Part) and node in titles:
            forests[node.of][node.index] = titles[node][1]
    return _Plan(frozenset(placed), titles, forests)


class _Lowering:
    """Nodes that are columns, and expressions of those that are not yet."""

    def __init__(
        self,
        stages: Stages,
        layouts: Layouts,
        plan: _Plan,
        reductions: Reductions,
        categories: CategoryTables,
        parameters: ParameterTables,
    ) -> None:
        self.stages = stages
        self._parameters = parameters
        self._reductions = reductions
        self._categories = categories
        self._layouts = layouts
        self._plan = plan
        self._columns: dict[Node, Column] = {}
        self._forests: dict[Forest, Sequence[Column]] = {}
        self._pending: dict[Node, tuple[Expr, int]] = {}

    def add(self, node: Node) -> None:
        """Place the node as a column, or keep its expression for the one node that uses it."""
        match node:
            case Input():
                self._columns[node] = self.stages.place("inputs", node.name, read_input(node), after=-1)
            case Constant():
                pass
            case _ if self._reductions.is_pair(node):
                pass
            case Reduce():
                self._columns[node] = self._reduce(node)
            case Forest():
                inputs = [self._column(child) for child in node.inputs]
                names = self._plan.forests[node]
                lay_out = self._layouts(node)
                self._forests[node] = lay_out(node, inputs, names, self.stages, self._parameters)
            case Part():
                self._columns[node] = self._forests[node.of][node.index]
            case Named(of=of) if of in self._columns:
                self._columns[node] = self._columns[of]
            case _:
                self._compute(node)

    def _column(self, node: Node) -> Column:
        if isinstance(node, Constant):
            self._columns[node] = self.stages.place("inputs", "constant", lit(node.value), after=-1)
        return self._columns[node]

    def _reduce(self, node: Reduce) -> Column:
        stages = [self.use(part)[1] for part in self._reductions.per_row(node)]
        title = self._plan.titles.get(node, ("", node.op))
        return self._reductions.place(node, title, self.stages, after=max(stages, default=0))

    def _compute(self, node: Node) -> None:
        parts = [self.use(child) for child in children(node)]
        stage = max((stage for _, stage in parts), default=-1)
        if isinstance(node, Lookup) and node in self._categories:
            self._place(node, self._categories.looked_up(node, self._column(node.of), self.stages), stage)
            return
        expression = EXPRESSIONS[type(node)](node, [part for part, _ in parts])
        if node in self._plan.placed:
            self._place(node, expression, stage)
        else:
            self._pending[node] = expression, stage

    def _place(self, node: Node, expression: Expr, stage: int) -> None:
        step, name = self._plan.titles.get(node, ("", getattr(node, "op", type(node).__name__.lower())))
        self._columns[node] = self.stages.place(step, name, expression, after=stage)

    def use(self, node: Node) -> tuple[Expr, int]:
        """The expression to write for a node, and the last stage it refers to."""
        if isinstance(node, Constant):
            return lit(node.value), -1
        if node in self._columns:
            column = self._columns[node]
            return column.ref(), column.stage
        return self._pending.pop(node)

    def outputs(self, graph: Graph) -> dict[str, Expr]:
        """The output columns, NULL where a guard holds."""
        outputs = {name: self.use(node)[0] for name, node in graph.outputs}
        if not graph.guards:
            return outputs
        conditions, used = zip(*(self.use(guard.condition) for guard in graph.guards), strict=True)
        refused = self.stages.place("", "row_is_refused", or_(*conditions), after=max(used))
        return {name: case([(refused.ref(), lit(None))], output) for name, output in outputs.items()}

    def extra(self, extra: Mapping[str, Expr]) -> dict[str, Expr]:
        """Further columns; those that refer to the source are read in the first stage."""
        return {
            name: self.stages.place("inputs", name, column, after=-1).ref() if columns_of(column) else column
            for name, column in extra.items()
        }

"""Queries that reduce a table for each row, as functions of arrays that hold the table's rows.

Spark makes joins and aggregations over all below them of such queries, of several one after the other again for each;
ClickHouse has none. The table is collected to one array of structs, each of the query's sub-selects is a function of
each of its elements, and each aggregate a function of the last array.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlglot import exp

from aops_indb.sqlgen.build import Expr, add, anonymous, cast, coalesce, col, ident, lit
from aops_indb.sqlgen.lists import field, struct
from aops_indb.sqlgen.statements import Select, aliased, ours, select, subquery

Fields: TypeAlias = Mapping[str, Expr]
_AGGREGATES = (exp.Sum, exp.Min, exp.Max)
# Of an element, by its name, and the names of its fields, a field.
GetField: TypeAlias = Callable[[str, Sequence[str], str], Expr]


@dataclass(frozen=True, slots=True)
class Arrays:
    """How a dialect writes arrays.

    struct:   a value with those fields
    field:    a field of an element
    collect:  the values of all rows, in their order
    each:     of an array, what a lambda gives for each element
    reduced:  of an array, an aggregate of those that are not NULL
    smallest: of an array, the smallest numbers that are not NULL, so many
    """

    struct: Callable[[Fields], Expr]
    field: GetField
    collect: str
    each: Callable[[Expr, Expr], Expr]
    reduced: Mapping[type[Expr], Callable[[Expr], Expr]]
    smallest: Callable[[Expr, Expr], Expr]


@dataclass(frozen=True, slots=True)
class _Reductions:
    """A query joined to each row: aggregates of the columns of sub-selects, the innermost of which reads a table.

    columns:    of the innermost sub-select, the names in the table by their own
    computed:   the columns of the other sub-selects, the innermost first
    aggregates: by their names
    rank:       of how many of the smallest values there is an aggregate, if not of all
    """

    alias: str
    table: exp.Table
    columns: Mapping[str, str]
    computed: Sequence[Fields]
    aggregates: Mapping[str, exp.AggFunc]
    rank: Expr | None


def laterals_as(arrays: Arrays) -> Callable[[Expr], Expr]:
    """A rewrite of queries joined to each row into functions of arrays, where they are of the form there is for."""

    def rewrite(tree: Expr) -> Expr:
        found = [(node, _read_joins(node)) for node in ours(tree) if isinstance(node, exp.Select)]
        joined = [(node, queries) for node, queries in found if queries]
        if joined:
            names = _Unused(tree)
            for node, queries in joined:
                _write(node, queries, arrays, names)
        return tree

    return rewrite


class _Unused:
    """Names that nothing in a tree has."""

    def __init__(self, tree: Expr) -> None:
        self._taken = {identifier.name.lower() for identifier in tree.find_all(exp.Identifier)}
        self.element = self("pair")

    def __call__(self, wanted: str) -> str:
        while wanted.lower() in self._taken:
            wanted += "_"
        self._taken.add(wanted.lower())
        return wanted


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────


def _read_joins(node: Select) -> list[_Reductions]:
    """The queries joined to each row of a query; none if one of them is of another form."""
    joins = node.args.get("joins") or []
    queries = [_read(join.this) for join in joins if isinstance(join.this, exp.Lateral)]
    known = [query for query in queries if query is not None]
    return known if len(known) == len(joins) else []


def _read(lateral: exp.Lateral) -> _Reductions | None:
    query = lateral.this.this
    aggregates = {made.alias: made.unalias() for made in query.expressions}
    levels = list(_levels(query))
    if not all(isinstance(made, _AGGREGATES) for made in aggregates.values()) or not _is_plain(query, *levels):
        return None
    table = (levels[-1] if levels else query).args["from_"].this
    rank = None
    if levels and (limit := levels[0].args.get("limit")):
        rank = limit.expression
        levels = levels[1:]
    if not levels or not isinstance(table, exp.Table):
        return None
    *computed, first = ({made.alias_or_name: made.unalias() for made in level.expressions} for level in levels)
    if not all(isinstance(column, exp.Column) for column in first.values()):
        return None
    columns = {name: column.name for name, column in first.items()}
    return _Reductions(lateral.alias, table, columns, computed[::-1], aggregates, rank)


def _levels(query: Select) -> Iterator[Select]:
    """The sub-selects a query reads from, the outermost first."""
    while isinstance(inner := query.args["from_"].this, exp.Subquery) and isinstance(inner.this, exp.Select):
        query = inner.this
        yield query


def _is_plain(outermost: Select, *levels: Select) -> bool:
    """Whether queries compute columns of all rows, or the first sub-select of the smallest in its one column."""
    clauses = [{name for name, value in query.args.items() if value} for query in (outermost, *levels)]
    allowed = {"expressions", "from_"}
    if len(clauses) > 2 and "limit" in clauses[1] and _is_smallest(levels[0]):
        clauses[1] -= {"order", "limit"}
    return all(found <= allowed for found in clauses)


def _is_smallest(query: Select) -> bool:
    """Whether a query gives its one column as it finds it, the smallest first and NULL last."""
    keys = query.args["order"].expressions if query.args.get("order") else []
    if len(keys) != 1 or len(query.expressions) != 1:
        return False
    (key,), (made,) = keys, query.expressions
    ascending = not key.args.get("desc") and key.args.get("nulls_first") is False
    return isinstance(made, exp.Column) and key.this == made and ascending


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────


def _write(node: Select, queries: Sequence[_Reductions], arrays: Arrays, names: _Unused) -> None:
    """Put functions of arrays in the place of the queries; the arrays are columns of sub-selects below."""
    stored = _stored_columns(queries)
    held = {table: names(f"{table.name}__rows") for table in stored}
    own = {query.alias for query in queries}
    outer = [column for made in node.expressions for column in made.find_all(exp.Column)]
    passed_on = dict.fromkeys(column.name for column in outer if column.table not in own)
    passed_on |= dict.fromkeys(name for query in queries for name in _of_row(query)[-1])
    source = node.args["from_"].this
    alias = source.alias_or_name
    inside = dict.fromkeys([*passed_on, *(name for query in queries for level in _of_row(query) for name in level)])
    collected = {held[table]: _collected(table, columns, arrays) for table, columns in stored.items()}
    below = subquery(select([*map(col, inside), *_aliased(collected)], source), alias)
    pairs = {query.alias: _computed(query, held[query.table], stored[query.table], arrays, names) for query in queries}
    made = {name: array for name, (array, _) in pairs.items()}
    source = subquery(select([*map(col, passed_on), *_aliased(made)], below), alias)
    by_alias = {query.alias: query for query in queries}
    for column in [column for column in outer if column.table in own]:
        query, (_, fields) = by_alias[column.table], pairs[column.table]
        column.replace(_reduced(query, column.name, fields, arrays, names))
    node.set("from_", exp.From(this=source))
    node.set("joins", None)


def _aliased(columns: Fields) -> list[Expr]:
    return [aliased(column, name) for name, column in columns.items()]


def _stored_columns(queries: Sequence[_Reductions]) -> dict[exp.Table, list[str]]:
    """Of each table the columns that are needed."""
    found: dict[exp.Table, dict[str, None]] = {}
    for query in queries:
        found.setdefault(query.table, {}).update(dict.fromkeys(query.columns.values()))
    return {table: list(columns) for table, columns in found.items()}


def _of_row(query: _Reductions) -> list[list[str]]:
    """Names of the row's columns that each level of a query refers to, the aggregates' last."""
    levels: list[Fields] = [*query.computed, query.aggregates]
    below = [query.columns, *query.computed]
    referred = [[column.name for made in level.values() for column in made.find_all(exp.Column)] for level in levels]
    return [[name for name in names if name not in known] for names, known in zip(referred, below, strict=True)]


def _collected(table: exp.Table, columns: Sequence[str], arrays: Arrays) -> Expr:
    of_row = arrays.struct({name: col(name) for name in columns})
    return subquery(select([anonymous(arrays.collect, of_row)], table.copy()))


def _computed(
    query: _Reductions, held: str, stored: Sequence[str], arrays: Arrays, names: _Unused
) -> tuple[Expr, dict[str, Expr]]:
    """The array of what the outermost sub-select has in its columns, and of an element the expression for each."""
    array: Expr = col(held)
    fields = {name: arrays.field(names.element, stored, column) for name, column in query.columns.items()}
    for level in query.computed:
        if all(isinstance(made, exp.Column) and made.name in fields for made in level.values()):
            fields = {name: fields[made.name] for name, made in level.items()}
            continue
        computed = {name: _with_fields(made, fields) for name, made in level.items()}
        array = _each(array, arrays.struct(computed), arrays, names)
        fields = {name: arrays.field(names.element, list(level), name) for name in level}
    return array, fields


def _each(array: Expr, made: Expr, arrays: Arrays, names: _Unused) -> Expr:
    return arrays.each(array, exp.Lambda(this=made, expressions=[ident(names.element)]))


def _with_fields(expression: Expr, fields: Fields) -> Expr:
    """A copy of an expression with fields of an element in the place of columns of a sub-select."""
    # the root itself can be a column
    made = exp.Paren(this=expression.copy())
    for column in list(made.find_all(exp.Column)):
        if column.name in fields:
            column.replace(fields[column.name].copy())
    inner: Expr = made.this
    return inner.pop()


def _reduced(query: _Reductions, name: str, fields: Fields, arrays: Arrays, names: _Unused) -> Expr:
    aggregate = query.aggregates[name]
    values = _each(col(query.alias), _with_fields(aggregate.this, fields), arrays, names)
    return arrays.reduced[type(aggregate)](values if query.rank is None else arrays.smallest(values, query.rank.copy()))


# ── dialects ───────────────────────────────────────────────────────────────────────────────────────────


_NO_TOTAL = cast(lit(None), "DOUBLE")


def _added(value: Expr) -> Expr:
    """A lambda that adds a value to a total, where either may be NULL."""
    total = coalesce(add(ident("total"), value), ident("total"), value.copy())
    return exp.Lambda(this=total, expressions=[ident("total"), ident("value")])


def _spark_sum(values: Expr) -> Expr:
    return anonymous("AGGREGATE", values, _NO_TOTAL.copy(), _added(ident("value")))


def _clickhouse_sum(values: Expr) -> Expr:
    # of the type of the first total; arrayReduce would add them up in another order
    return anonymous("arrayFold", _added(anonymous("toNullable", ident("value"))), values, _NO_TOTAL.copy())


def _clickhouse_field(element: str, fields: Sequence[str], name: str) -> Expr:
    # fields of its tuples have no names, unless they are given with their types
    return anonymous("tupleElement", ident(element), lit(fields.index(name) + 1))


def _by(function: str) -> Callable[[Expr], Expr]:
    return lambda values: anonymous(function, values)


def _by_reduce(aggregate: str) -> Callable[[Expr], Expr]:
    return lambda values: anonymous("arrayReduce", lit(aggregate), values)


SPARK = Arrays(
    struct=struct,
    field=lambda element, _, name: field(ident(element), name),
    collect="COLLECT_LIST",
    each=lambda array, made: anonymous("TRANSFORM", array, made),
    reduced={exp.Sum: _spark_sum, exp.Min: _by("ARRAY_MIN"), exp.Max: _by("ARRAY_MAX")},
    smallest=lambda values, rank: anonymous(
        "SLICE", anonymous("SORT_ARRAY", anonymous("ARRAY_COMPACT", values)), lit(1), rank
    ),
)
CLICKHOUSE = Arrays(
    struct=lambda fields: anonymous("tuple", *fields.values()),
    field=_clickhouse_field,
    collect="groupArray",
    each=lambda array, made: anonymous("arrayMap", made, array),
    reduced={exp.Sum: _clickhouse_sum, exp.Min: _by_reduce("min"), exp.Max: _by_reduce("max")},
    smallest=lambda values, rank: anonymous("arraySlice", anonymous("arraySort", values), lit(1), rank),
)

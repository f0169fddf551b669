"""What a column of a query is made from, through the sub-selects and common table expressions it passes."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aops_indb.sqlgen.build import Expr


def is_text(column: Expr) -> bool:
    """Whether a column is text by a cast that its query, or one that it reads from, has in it.

    >>> from aops_indb.sqlgen.parse import parse_select
    >>> query = parse_select("SELECT s.a, s.b FROM (SELECT CAST(x AS VARCHAR) AS a, x AS b FROM t) AS s")
    >>> [is_text(column) for column in query.expressions]
    [True, False]
    """
    return isinstance(column, exp.Column) and any(map(_is_cast_to_text, made_by(column)))


def _is_cast_to_text(value: Expr) -> bool:
    if isinstance(value, exp.Case):
        return any(_is_cast_to_text(branch.args["true"]) for branch in value.args["ifs"])
    return isinstance(value, exp.Cast) and bool(value.is_type(*exp.DataType.TEXT_TYPES))


def parts(value: Expr) -> tuple[str, ...] | None:
    """The names of what a value holds that is a struct, a list of structs, or NULL instead of one; None for others.

    >>> from aops_indb.sqlgen.parse import parse_select
    >>> query = parse_select("SELECT MAX(s.a), MAX(s.b) FROM (SELECT {'x': u, 'y': v} AS a, w AS b FROM t) AS s")
    >>> [parts(value) for value in query.expressions]
    [('x', 'y'), None]
    """
    match value:
        case exp.Struct():
            return tuple(given.this.name for given in value.expressions)
        case exp.Case():
            return next(filter(None, (parts(branch.args["true"]) for branch in value.args["ifs"])), None)
        case exp.Column():
            return next(filter(None, map(parts, made_by(value))), None)
        case exp.Max() | exp.Min() | exp.Filter() | exp.ArrayAgg() | exp.Order() | exp.Paren():
            return parts(value.this)
    return None


def made_by(column: exp.Column) -> Iterator[Expr]:
    """The expressions that make a column, where queries of the tree do; of a union those of all its branches."""
    query = column.find_ancestor(exp.Select)
    return iter(()) if query is None else _made_by(query, column, frozenset())


def _made_by(query: exp.Select, column: exp.Column, seen: frozenset[int]) -> Iterator[Expr]:
    relations = [query.args["from_"].this] if query.args.get("from_") else []
    relations += [join.this for join in query.args.get("joins") or []]
    for relation in relations:
        if column.table in ("", relation.alias_or_name):
            for source in _selects(relation, query):
                if id(source) not in seen:
                    yield from _of_name(source, column.name, seen | {id(source)})


def _of_name(query: exp.Select, name: str, seen: frozenset[int]) -> Iterator[Expr]:
    """What makes a query's column of that name."""
    for made in query.expressions:
        if made.is_star:
            yield from _made_by(query, exp.column(name), seen)
        elif made.alias_or_name == name:
            value = made.unalias()
            if isinstance(value, exp.Column):
                yield from _made_by(query, value, seen)
            else:
                yield value


def _selects(relation: Expr, query: exp.Select) -> Iterator[exp.Select]:
    """The SELECTs that a relation stands for; none for a table of the warehouse."""
    made: Expr | None = relation.this if isinstance(relation, exp.Subquery) else None
    if isinstance(relation, exp.Table) and not relation.db:
        made = _common(relation.name, query)
    while made is not None and isinstance(made, exp.SetOperation):
        if isinstance(made.expression, exp.Select):
            yield made.expression
        made = made.this
    if isinstance(made, exp.Select):
        yield made


def _common(name: str, query: Expr) -> Expr | None:
    """The common table expression of that name, of the query or of one around it."""
    around: Expr | None = query
    while around is not None:
        with_ = around.args.get("with_")
        for cte in with_.expressions if with_ is not None else ():
            if cte.alias == name:
                found: Expr = cte.this
                return found
        around = around.parent
    return None

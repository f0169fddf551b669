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
    query = column.find_ancestor(exp.Select)
    return isinstance(column, exp.Column) and query is not None and _made_text(query, column, frozenset())


def _made_text(query: exp.Select, column: exp.Column, seen: frozenset[int]) -> bool:
    relations = [query.args["from_"].this] if query.args.get("from_") else []
    relations += [join.this for join in query.args.get("joins") or []]
    for relation in relations:
        if column.table in ("", relation.alias_or_name):
            for source in _selects(relation, query):
                if id(source) not in seen and _selects_text(source, column.name, seen | {id(source)}):
                    return True
    return False


def _selects_text(query: exp.Select, name: str, seen: frozenset[int]) -> bool:
    """Whether a query has a column of that name that is text."""
    for made in query.expressions:
        if made.is_star and _made_text(query, exp.column(name), seen):
            return True
        if made.alias_or_name != name:
            continue
        value = made.unalias()
        if isinstance(value, exp.Cast):
            return bool(value.is_type(*exp.DataType.TEXT_TYPES))
        if isinstance(value, exp.Column):
            return _made_text(query, value, seen)
    return False


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

"""Conditions as values, for dialects that have no type for yes and no: 1 and 0."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from aops_indb.sqlgen.build import Expr, case, eq, lit, not_, operand

_PREDICATES = (exp.Predicate, exp.Connector, exp.Not)


def conditions_as_numbers(tree: Expr) -> Expr:
    """Every condition that is selected, or given by a CASE, as 1 or 0; and such a value as a condition: `b = 1`."""
    columns: set[str] = set()
    for query in reversed(list(tree.find_all(exp.Select))):
        columns |= {made.alias for made in query.expressions if isinstance(made, exp.Alias) and _is(made.this, columns)}
    conditions = [node for node in _condition_places(tree) if not _is_predicate(node) and _is(node, columns)]
    values = [node for node in _value_places(tree) if _is(node, columns)]
    for node in conditions:
        place = exp.Null()
        node.replace(place)
        place.replace(eq(_number(node), lit(1)))
    for node in values:
        if not isinstance(node, exp.Column | exp.Case):
            place = exp.Null()
            node.replace(place)
            place.replace(_number(node))
    return tree


def _condition_places(tree: Expr) -> Iterator[Expr]:
    for node in tree.find_all(exp.If, exp.And, exp.Or, exp.Not):
        yield _inside(node.this)
        if isinstance(node, exp.Connector):
            yield _inside(node.expression)


def _value_places(tree: Expr) -> Iterator[Expr]:
    for node in tree.find_all(exp.Alias, exp.If, exp.Case, exp.EQ, exp.NEQ, exp.Coalesce):
        if isinstance(node, exp.If):
            yield node.args["true"]
        elif isinstance(node, exp.Case):
            yield from [node.args["default"]] if node.args.get("default") else []
        elif isinstance(node, exp.Alias):
            yield node.this
        else:
            yield from (node.this, *([node.expression] if node.args.get("expression") else node.expressions))


def _inside(node: Expr) -> Expr:
    return _inside(node.this) if isinstance(node, exp.Paren) else node


def _is_predicate(node: Expr) -> bool:
    return isinstance(_inside(node), _PREDICATES)


def _is(node: Expr, columns: set[str]) -> bool:
    """Whether an expression is yes or no."""
    node = _inside(node)
    if isinstance(node, exp.Column):
        return node.name in columns
    if isinstance(node, exp.Cast):
        return bool(node.to.this == exp.DataType.Type.BOOLEAN)
    if isinstance(node, exp.Case):
        given = [branch.args["true"] for branch in node.args["ifs"]] + [node.args.get("default")]
        known = [value for value in given if value is not None and not isinstance(value, exp.Null)]
        return bool(known) and all(_is(value, columns) for value in known)
    if isinstance(node, exp.Coalesce):
        return _is(node.this, columns)
    return isinstance(node, (exp.Boolean, *_PREDICATES))


def _number(node: Expr) -> Expr:
    bare = _inside(node)
    if isinstance(bare, exp.Boolean):
        return lit(int(bare.this))
    if isinstance(bare, exp.Cast):
        bare.set("to", exp.DataType.build("INT"))
        return bare
    if isinstance(bare, _PREDICATES):
        return case([(bare, lit(1)), (not_(operand(bare.copy())), lit(0))])
    return bare

"""Aggregates that make lists or go by rank, as Spark and PostgreSQL have them, and functions of lists in Spark."""

from __future__ import annotations

import math
from collections.abc import Callable

from sqlglot import exp

from aops_indb.sqlgen.build import (
    Expr,
    add,
    and_,
    anonymous,
    case,
    cast,
    eq,
    filtered,
    func,
    ge,
    gt,
    ident,
    lit,
    lt,
    mul,
    sub,
)
from aops_indb.sqlgen.lists import array, field, lambda_, struct

_ASCENDING, _DESCENDING = True, False


def lists_in_spark(node: exp.Filter | exp.ArrayAgg | exp.Max) -> Expr:
    """Sorted lists, and those of the largest, by collecting and sorting; NULL of no values, which Spark leaves out."""
    aggregate = node.this if isinstance(node, exp.Filter) else node
    if isinstance(node.parent, exp.Filter):
        return node
    if isinstance(aggregate, exp.ArrayAgg) and isinstance(aggregate.this, exp.Order):
        return _collected(aggregate.this.this, node, _ASCENDING)
    if isinstance(aggregate, exp.Max) and aggregate.args.get("count") is not None:
        largest = _collected(aggregate.this, node, _DESCENDING)
        return anonymous("SLICE", largest, lit(1), aggregate.args["count"])
    return node


def _collected(value: Expr, node: Expr, ascending: bool) -> Expr:
    values: Expr = anonymous("COLLECT_LIST", value)
    if isinstance(node, exp.Filter):
        values = exp.Filter(this=values, expression=node.expression)
    return anonymous("NULLIF", anonymous("SORT_ARRAY", values, lit(ascending)), array([]))


def mode_in_spark(node: exp.Mode) -> Expr:
    """Of the most frequent values the smallest."""
    value = node.this.this if isinstance(node.this, exp.Order) else node.this
    return anonymous("MODE", value, lit(True))


def ranked_in_postgres(node: exp.Filter | exp.Mode | exp.ApproxDistinct) -> Expr:
    """The most frequent value, of several the first in order; the number of different values, for want of a sketch."""
    if isinstance(node.parent, exp.Filter):
        return node
    aggregate = node.this if isinstance(node, exp.Filter) else node
    if isinstance(aggregate, exp.ApproxDistinct):
        return _with_filter(exp.Count(this=exp.Distinct(expressions=[aggregate.this])), node)
    if not isinstance(aggregate, exp.Mode) or not isinstance(aggregate.this, exp.Order):
        return node
    order = aggregate.this.expressions
    made = _with_filter(exp.WithinGroup(this=anonymous("MODE"), expression=exp.Order(expressions=order)), node)
    if not isinstance(order[0].this, exp.Collate):
        return made
    # in the database's own collation again
    return exp.Paren(this=exp.Collate(this=exp.Paren(this=made), expression=ident("default")))


def quantiles_in_postgres(node: exp.Filter | exp.PercentileCont) -> Expr:
    """The interpolated quantile by PERCENTILE_CONT."""
    return _quantile(node, exp.PercentileCont)


def quantiles_in_spark(node: exp.Filter | exp.PercentileCont) -> Expr:
    """The interpolated quantile by PERCENTILE."""
    return _quantile(node, lambda this, expression: anonymous("PERCENTILE", this, expression))


def _quantile(node: exp.Filter | exp.PercentileCont, by: Callable[..., Expr]) -> Expr:
    """A quantile, where the difference of the two values that it lies between leaves the range of floats, too.

    An engine makes infinity of it then. Of such two one is the largest below 0, the other the smallest above.
    """
    of = node.this if isinstance(node, exp.Filter) else node
    if isinstance(node.parent, exp.Filter) or not isinstance(of, exp.PercentileCont):
        return node
    value, share = of.this, of.expression
    conditions = [node.expression.this] if isinstance(node, exp.Filter) else []

    def found(aggregate: Expr, *more: Expr) -> Expr:
        every = [*(condition.copy() for condition in conditions), *more]
        return filtered(aggregate, and_(*every)) if every else aggregate

    is_below, is_above = lt(value.copy(), lit(0.0)), gt(value.copy(), lit(0.0))
    below, above = found(func("MAX", value.copy()), is_below), found(func("MIN", value.copy()), is_above)
    many, many_below = found(func("COUNT", value.copy())), found(func("COUNT", value.copy()), is_below.copy())
    place = mul(share.copy(), cast(sub(many, lit(1)), "DOUBLE"))
    part = sub(place, func("FLOOR", place.copy()))
    mixed = add(mul(below, sub(lit(1.0), part)), mul(above, part.copy()))
    plain = found(by(this=value.copy(), expression=share.copy()))
    overflows = and_(
        eq(plain, lit(math.inf)),
        eq(func("FLOOR", place.copy()), cast(sub(many_below, lit(1)), "DOUBLE")),
        gt(below.copy(), lit(-math.inf)),
        lt(above.copy(), lit(math.inf)),
    )
    return case([(overflows, mixed)], plain.copy())


def _with_filter(aggregate: Expr, node: Expr) -> Expr:
    return exp.Filter(this=aggregate, expression=node.expression) if isinstance(node, exp.Filter) else aggregate


def elements_in_spark(node: exp.Bracket | exp.Length | exp.ArraySort) -> Expr:
    """The elements of lists that functions of lists are given: their number, their order, one of them."""
    if isinstance(node, exp.ArraySort):
        return anonymous("SORT_ARRAY", node.this, lit(_ASCENDING))
    if not isinstance(node.this, exp.Identifier):
        return node
    if isinstance(node, exp.Length):
        return anonymous("SIZE", node.this)
    [position] = node.expressions
    # of one that is not there Spark's own brackets raise
    return anonymous("TRY_ELEMENT_AT", node.this, position if node.args.get("offset") else add(position, lit(1)))


def list_sums_in_spark(node: exp.Anonymous) -> Expr:
    """Functions of lists by the names that DuckDB gives them."""
    match node.name.upper():
        case "LIST_SORT":
            return anonymous("SORT_ARRAY", node.expressions[0], lit(_ASCENDING))
        case "LIST_SUM":
            total = add(ident("__so_far"), ident("__one"))
            return anonymous("AGGREGATE", node.expressions[0], _zero(), lambda_(["__so_far", "__one"], total))
        case "LIST_AGGREGATE":
            return _steady(node.expressions[0])
        case "ISFINITE":
            return lt(func("ABS", node.expressions[0]), lit(math.inf))
    return node


def _steady(values: Expr) -> Expr:
    """A sum with what each addition loses kept beside it. Source: A. Neumaier (1974)."""
    so_far, one = ident("__so_far"), ident("__one")
    total, lost = field(so_far, "total"), field(so_far.copy(), "lost")
    longer = add(total, one)
    small = add(sub(total.copy(), longer.copy()), one.copy())
    smaller = add(sub(one.copy(), longer.copy()), total.copy())
    larger = ge(func("ABS", total.copy()), func("ABS", one.copy()))
    added = struct({"total": longer, "lost": add(lost, case([(larger, small)], smaller))})
    nothing = struct({"total": _zero(), "lost": _zero()})
    whole = add(field(ident("__so_far"), "total"), field(ident("__so_far"), "lost"))
    return anonymous("AGGREGATE", values, nothing, lambda_(["__so_far", "__one"], added), lambda_(["__so_far"], whole))


def _zero() -> Expr:
    return cast(lit(0.0), "DOUBLE")

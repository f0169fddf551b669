"""Numbers in single precision, for dialects that have none: rounded to it by arithmetic in double precision."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator

from sqlglot import exp

from aops_indb.sqlgen.build import Expr, add, case, cast, col, eq, func, ge, ident, lit, lt, mul, sub

# Smaller numbers have fewer than 24 digits.
SMALLEST_NORMAL = 2.0**-126
# Larger numbers round to infinity.
FIRST_TOO_LARGE = 2.0**128 - 2.0**103
# Added to a number below SMALLEST_NORMAL and taken off again, it leaves multiples of 2**-149.
BELOW_NORMAL = 1.5 * 2.0**-97

_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div)
Float = exp.DataType.Type.FLOAT


def single_by_arithmetic(tree: Expr) -> Expr:
    """Casts to FLOAT, and sums of FLOATs, as arithmetic of DOUBLEs: of these, what they give is rounded once."""
    sums = _sums(tree)
    for node in [node for node in tree.find_all(exp.Cast) if node.to.this == Float]:
        value = node.this
        node.replace(value if _fold(value) else rounded(value))
    for total in sums:
        place = exp.Null()
        total.replace(rounded(place))
        place.replace(total)
    return tree


def single_sums_cast(tree: Expr) -> Expr:
    """Sums of FLOATs, where a dialect makes DOUBLEs of them, as FLOATs again: rounded once, to the same number."""
    for total in _sums(tree):
        place = exp.Null()
        total.replace(cast(place, "FLOAT"))
        place.replace(total)
    return tree


def _sums(tree: Expr) -> list[Expr]:
    """The sums and products that are in single precision."""
    columns: set[str] = set()
    for query in reversed(list(tree.find_all(exp.Select))):
        columns |= {made.alias for made in query.expressions if isinstance(made, exp.Alias) and _is(made.this, columns)}
    return [node for node in tree.find_all(*_ARITHMETIC) if _is(node, columns)]


def _is(node: Expr, columns: set[str]) -> bool:
    """Whether an expression is in single precision."""
    if isinstance(node, exp.Cast):
        return bool(node.to.this == Float)
    if isinstance(node, exp.Paren | exp.Neg):
        return _is(node.this, columns)
    if isinstance(node, exp.Column):
        return node.name in columns
    return isinstance(node, _ARITHMETIC) and _is(node.this, columns) and _is(node.expression, columns)


def _fold(node: Expr) -> bool:
    """Round the values of an expression in place; False, and nothing done, if not all of them are constants."""
    places = list(_values(node))
    if any(_constant(place) is None for place in places):
        return False
    for place in places:
        place.replace(lit(to_single(_constant(place) or 0.0)))
    return True


def _values(node: Expr) -> Iterator[Expr]:
    """What an expression may give, but NULL."""
    if isinstance(node, exp.Case):
        for value in (*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")):
            yield from () if value is None else _values(value)
    elif isinstance(node, exp.Bracket) and isinstance(node.this.unnest(), exp.Array):
        yield from node.this.unnest().expressions
    elif not isinstance(node, exp.Null):
        yield node


def _constant(node: Expr) -> float | None:
    if isinstance(node, exp.Paren):
        return _constant(node.this)
    if isinstance(node, exp.Neg):
        value = _constant(node.this)
        return None if value is None else -value
    return float(node.this) if isinstance(node, exp.Literal) and not node.is_string else None


def to_single(value: float) -> float:
    """The nearest number in single precision.

    >>> to_single(0.1), to_single(1e39)
    (0.10000000149011612, inf)
    """
    if abs(value) >= FIRST_TOO_LARGE:
        return math.copysign(math.inf, value)
    return float(struct.unpack("f", struct.pack("f", value))[0])


def rounded(value: Expr) -> Expr:
    """The value rounded to single precision: to the nearest, and to the even one of two as near.

    Source: T. J. Dekker, A floating-point technique for extending the available precision (1971), for the part of a
    number that has its first digits; of two as near that part may be either.
    """
    number = col("s")
    first = _first_digits(number, 24)
    # as far from the number, on its other side
    mirrored = sub(mul(lit(2.0), number.copy()), first.copy())
    other = col("o")
    inner = exp.Select(expressions=[exp.Alias(this=value, alias=ident("s"))], limit=exp.Limit(expression=lit(-1)))
    columns = [number.copy(), exp.Alias(this=first, alias=ident("f")), exp.Alias(this=mirrored, alias=ident("o"))]
    both = exp.Select(expressions=columns, limit=exp.Limit(expression=lit(-1)))
    both.set("from_", exp.From(this=exp.Subquery(this=inner)))
    size = func("ABS", number.copy())
    found = case(
        [
            (ge(size, lit(FIRST_TOO_LARGE)), mul(number.copy(), lit(math.inf))),
            (lt(size.copy(), lit(SMALLEST_NORMAL)), sub(add(number.copy(), lit(BELOW_NORMAL)), lit(BELOW_NORMAL))),
            (eq(_first_digits(other, 23), other.copy()), other.copy()),
        ],
        col("f"),
    )
    query = exp.Select(expressions=[found])
    query.set("from_", exp.From(this=exp.Subquery(this=both)))
    return exp.Subquery(this=query)


def _first_digits(number: Expr, count: int) -> Expr:
    scaled = mul(number.copy(), lit(2.0 ** (53 - count) + 1.0))
    return sub(scaled, sub(scaled.copy(), number.copy()))

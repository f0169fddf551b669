"""Constants that a dialect cannot read as they are."""

from __future__ import annotations

import math
import sys
from decimal import Decimal

from sqlglot import exp

from aops_indb.sqlgen.build import Expr, case, cast, eq, lit

# SQLite reads more as infinity
OVERFLOW = "9e999"

# Powers of 2 that are whole numbers of at most 19 digits are read without error.
LARGEST_POWER = 62

# Decimals of no more digits, if they are a double's exact value, are read as it.
DIGITS_READ_WELL = 15


def text_of_cast(node: Expr) -> str | None:
    """`nan`, `inf` or `-inf` if a node is such a constant."""
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal) and node.this.is_string:
        return str(node.this.this) if node.to.this == exp.DataType.Type.DOUBLE else None
    return None


def nan_as_null(node: exp.Nullif) -> Expr:
    """`NULLIF(a, NaN)` where NULL is all there is of NaN: a itself."""
    return node.this if text_of_cast(node.expression) == "nan" else node


def nan_by_function(node: exp.Nullif) -> Expr:
    """`NULLIF(a, NaN)` where NaN differs from itself: a test by function."""
    if text_of_cast(node.expression) != "nan":
        return node
    return case([(exp.IsNan(this=node.this.copy()), exp.Null())], node.this)


def infinity_as_overflow(node: exp.Cast) -> Expr:
    """Infinity as a number too large for a double."""
    text = text_of_cast(node)
    if text not in ("inf", "-inf"):
        return node
    number = exp.Literal.number(OVERFLOW)
    return exp.Neg(this=number) if text == "-inf" else number


def infinity_as_null(node: exp.Cast) -> Expr:
    """Infinity where there is none: NULL as a value, and the largest number to compare with."""
    text = text_of_cast(node)
    if text not in ("inf", "-inf"):
        return node
    if not isinstance(node.parent, exp.LTE | exp.LT | exp.GT | exp.GTE | exp.EQ | exp.Coalesce):
        return exp.Null()
    return lit(math.copysign(sys.float_info.max, float(text)))


def infinity_in_full(node: exp.Cast) -> Expr:
    """Infinity and NaN as Java spells them."""
    text = text_of_cast(node)
    if text is not None:
        node.set("this", exp.Literal.string({"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[text]))
    return node


def doubles_as_text(node: exp.Literal) -> Expr:
    """A float constant as a cast of its text, where a number may be read as a decimal of limited length."""
    return cast(exp.Literal.string(node.this), "DOUBLE") if _is_double(node) else node


def doubles_as_quotients(node: exp.Literal | exp.GT) -> Expr:
    """A float constant as whole number / power of 2, which nothing can misread; short decimals stay.

    >>> doubles_as_quotients(lit(0.1)).sql("sqlite")
    '(3602879701896397.0 / 36028797018963968.0)'
    """
    if isinstance(node, exp.GT):
        # what is larger than the largest double is infinite
        return eq(node.this, exp.Literal.number(OVERFLOW)) if _is_largest(node.expression) else node
    if not _is_double(node):
        return node
    value = float(node.this)
    if math.isinf(value) or _is_short(value) or (_is_largest(node) and isinstance(node.parent, exp.GT)):
        return node
    numerator, denominator = value.as_integer_ratio()
    # of large whole numbers, powers of 2 are split off to multiply by
    shift = (numerator & -numerator).bit_length() - 1 if denominator == 1 else 0
    made: Expr = _whole(numerator >> shift)
    for power in _powers(shift):
        made = exp.Mul(this=made, expression=_whole(power))
    for power in _powers(denominator.bit_length() - 1):
        made = exp.Div(this=made, expression=_whole(power), typed=True, safe=True)
    return exp.Paren(this=made)


def _whole(number: int) -> Expr:
    return exp.Literal.number(f"{number}.0")


def _powers(exponent: int) -> list[int]:
    full, rest = divmod(exponent, LARGEST_POWER)
    return [1 << LARGEST_POWER] * full + ([1 << rest] if rest else [])


def _is_short(value: float) -> bool:
    exact = Decimal(value).normalize().as_tuple()
    return len(exact.digits) <= DIGITS_READ_WELL and abs(int(exact.exponent)) <= DIGITS_READ_WELL


def _is_largest(node: Expr) -> bool:
    return _is_double(node) and float(node.this) == sys.float_info.max


def _is_double(node: Expr) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string and "e" in node.this

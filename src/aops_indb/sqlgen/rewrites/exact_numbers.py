"""Reductions of lists of floats in PostgreSQL, which has no functions of lists: by exact decimals, rounded at the end.

A cast of a float to NUMERIC keeps 15 digits. Here a float is read by its bits, so that its decimal is the float itself;
sums and products of decimals are exact, leave no range, and are the same in any order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

from sqlglot import exp

from aops_indb.sqlgen.build import (
    Expr,
    add,
    and_,
    anonymous,
    balanced,
    case,
    cast,
    cast_as_written,
    col,
    count_star,
    eq,
    func,
    ge,
    greatest,
    gt,
    ident,
    lit,
    lt,
    mul,
    neg,
    operand,
    sub,
)
from aops_indb.sqlgen.statements import Join, lateral, lateral_once, select, subquery

# Floats below are whole numbers of 64 bits if they are whole.
_WHOLE = 2.0**53
# Decimals from here on are infinite as floats; those below the second are 0.
_TOO_LARGE, _TOO_SMALL = "1.7976931348623158080e308", "2.5e-324"
# Of a float's bits: the sign before the exponent, the first of a number, which is not written, and what is added to the
# exponent of a fraction that is a whole number.
_SIGN, _IMPLIED, _BIAS = 2**11, 2**52, 1075
# 2 to a power below is less than half the smallest float.
_LEAST_POWER = -1074.0
_DAY = 86_400_000_000

# Relations made inside: an element of the lists, the floats made of it, their bits in hexadecimal, in two numbers, and
# as decimals.
ROW, _FLOATS, _DIGITS, _BITS, _EXACT = "__row", "__floats", "__digits", "__bits", "__exact"

# The parts of a list's elements, each as a list of its own -> what they are reduced to.
Lists: TypeAlias = Mapping[str, Expr]


def variance(lists: Lists) -> Expr:
    """The sample variance of a list of floats, NULL below two."""
    return _reduced(lists, {"x": col("value", ROW)}, anonymous("VAR_SAMP", col("x", _EXACT)))


def stddev(lists: Lists) -> Expr:
    """The sample standard deviation of a list of floats, NULL below two."""
    return _reduced(lists, {"x": col("value", ROW)}, anonymous("STDDEV_SAMP", col("x", _EXACT)))


def slope(lists: Lists) -> Expr:
    """The least-squares slope per day of lists of times in microseconds and values; NULL if of one time."""
    t, x, many = cast(col("at", ROW), "DECIMAL"), col("x", _EXACT), count_star()

    def total(term: Expr) -> Expr:
        return func("SUM", term)

    products = sub(mul(many, total(mul(t, x))), mul(total(t.copy()), total(x.copy())))
    squares = sub(mul(many.copy(), total(mul(t.copy(), t.copy()))), mul(total(t.copy()), total(t.copy())))
    # a quotient of decimals has 16 digits at least
    per_day, ratio = mul(products, cast(lit(_DAY), "DECIMAL")), anonymous("NULLIF", squares, lit(0))
    return _reduced(lists, {"x": col("value", ROW)}, exp.Div(this=operand(per_day), expression=ratio, typed=True))


def sum_of_terms(lists: Lists, term: Expr) -> Expr:
    """The sum of a term for each element, a product whose factors may be powers of 2; NULL of no elements."""
    factors = [term.this.unnest(), term.expression.unnest()] if isinstance(term, exp.Mul) else [term]
    floats = {f"x{number}": _quiet(factor) for number, factor in enumerate(factors)}
    return _reduced(lists, floats, func("SUM", balanced(mul, [col(name, _EXACT) for name in floats])))


# The name of a list -> what is computed from it.
REDUCTIONS: dict[str, Callable[[Lists], Expr]] = {"__variance": variance, "__stddev": stddev, "__slope": slope}


def _quiet(value: Expr) -> Expr:
    """The value; of a power of 2 that would be rounded to 0, 0 and no error."""
    if not isinstance(value, exp.Pow):
        return value
    return case([(lt(value.expression.copy(), lit(_LEAST_POWER)), lit(0.0))], value)


def _reduced(lists: Lists, floats: Mapping[str, Expr], result: Expr) -> Expr:
    """A result over the elements of lists of one length, as a float; floats: made of each, and then exact decimals."""
    alias = exp.TableAlias(this=ident(ROW), columns=[ident(name) for name in lists])
    elements = exp.Unnest(expressions=list(lists.values()), alias=alias)
    # one after another, since each is referred to many times
    stages = [
        lateral_once(select(floats), _FLOATS),
        lateral(select({name: _digits(col(name, _FLOATS)) for name in floats}), _DIGITS),
        lateral(select({made: bits for name in floats for made, bits in _two_numbers(name).items()}), _BITS),
        lateral(select({name: _decimal(name) for name in floats}), _EXACT),
    ]
    inner = select({"n": result}, elements, joins=[Join(stage, "cross") for stage in stages])
    return subquery(select([_as_float(col("n"))], subquery(inner, "__reduced")))


# ── decimals that are floats ───────────────────────────────────────────────────────────────────────────


def _digits(value: Expr) -> Expr:
    return anonymous("ENCODE", anonymous("FLOAT8SEND", value), lit("hex"))


def _two_numbers(name: str) -> dict[str, Expr]:
    """The 12 bits of sign and exponent, without the sign, and the 52 of the fraction."""
    digits = col(name, _DIGITS)
    sign_and_exponent = _number_of(anonymous("SUBSTR", digits, lit(1), lit(3)), 12)
    fraction = _number_of(anonymous("SUBSTR", digits.copy(), lit(4), lit(13)), 52)
    return {_exponent(name): anonymous("MOD", sign_and_exponent, lit(_SIGN)), _fraction(name): fraction}


def _exponent(name: str) -> str:
    return f"{name}_exponent"


def _fraction(name: str) -> str:
    return f"{name}_fraction"


def _number_of(hexadecimal: Expr, bits: int) -> Expr:
    return cast(cast_as_written(anonymous("CONCAT", lit("x"), hexadecimal), f"BIT({bits})"), "BIGINT")


def _decimal(name: str) -> Expr:
    """The decimal that a float is: a whole number times a power of 2, or of 5 and of 10 where it is below 1."""
    value, exponent, fraction = col(name, _FLOATS), col(_exponent(name), _BITS), col(_fraction(name), _BITS)
    size = func("ABS", value.copy())
    whole = and_(eq(value.copy(), func("FLOOR", value.copy())), lt(size, lit(_WHOLE)))
    finite = lt(size.copy(), lit(math.inf))
    implied = case([(gt(exponent, lit(0)), lit(_IMPLIED))], lit(0))
    power = sub(greatest(exponent.copy(), lit(1)), lit(_BIAS))
    sign = cast(func("SIGN", value.copy()), "DECIMAL")
    mantissa = mul(sign, cast(add(fraction, implied), "DECIMAL"))
    upward = mul(mantissa, _power_of(2, power))
    tens = cast(anonymous("CONCAT", lit("1e"), power.copy()), "DECIMAL")
    downward = mul(mul(mantissa.copy(), _power_of(5, neg(power.copy()))), tens)
    by_bits = case([(ge(power.copy(), lit(0)), upward)], downward)
    return case(
        [(whole, cast(cast(value.copy(), "BIGINT"), "DECIMAL")), (finite, by_bits)], cast(value.copy(), "DECIMAL")
    )


def _power_of(base: int, power: Expr) -> Expr:
    return anonymous("POWER", cast(lit(base), "DECIMAL"), cast(power.copy(), "DECIMAL"))


def _as_float(value: Expr) -> Expr:
    """A decimal rounded to a float; beyond the range of floats infinite, or 0, and no error."""
    size, double = func("ABS", value.copy()), cast(value.copy(), "DOUBLE")
    infinite = case([(lt(value.copy(), lit(0)), lit(-math.inf))], lit(math.inf))
    return case(
        [
            (eq(value.copy(), cast(lit("NaN"), "DECIMAL")), double),
            (ge(size, cast(lit(_TOO_LARGE), "DECIMAL")), infinite),
            (lt(size.copy(), cast(lit(_TOO_SMALL), "DECIMAL")), lit(0.0)),
        ],
        double.copy(),
    )

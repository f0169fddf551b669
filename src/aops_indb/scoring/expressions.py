"""What each node, and each operation, is in SQL."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from aops_indb.scoring.graph import Apply, Case, Input, Kind, Linear, Lookup, Named, Value
from aops_indb.sqlgen.build import (
    Expr,
    add,
    and_,
    balanced_sum,
    case,
    cast,
    coalesce,
    col,
    div,
    eq,
    func,
    ge,
    gt,
    in_,
    is_null,
    largest,
    le,
    lit,
    lt,
    mul,
    neg,
    not_,
    or_,
    smallest,
    sub,
)

# exp underflows below the first, which PostgreSQL raises on, and overflows above the second
SMALLEST_EXPONENT = -708.0
LARGEST_EXPONENT = 709.782712893384
# exp of more has no digit left for the 1 that is taken off
_LEAVES_ONE_ALONE = 40.0
# 1 added to more makes no difference
_HIDES_ONE = 1e17

TYPES: dict[Kind, str] = {"number": "DOUBLE", "integer": "BIGINT", "text": "VARCHAR", "boolean": "BOOLEAN"}


def read_input(node: Input) -> Expr:
    """A column as its kind; NaN is missing, as NULL is, and so is what is too large."""
    if node.kind == "any":
        return col(node.name)
    value = cast(col(node.name), TYPES[node.kind])
    if node.kind != "number":
        return value
    if node.largest < math.inf:
        # NaN is above every number, or is not compared with any
        return case([(le(func("ABS", value.copy()), lit(node.largest)), value)])
    return func("NULLIF", value, lit(float("nan")))


# NaN, which overflowing scores may end in, compares as larger than every number in DuckDB and PostgreSQL, and must
# not meet a branch made for large numbers; NULL meets none and gives NULL.


def _exp(a: Expr) -> Expr:
    whens = [
        (lt(a.copy(), lit(SMALLEST_EXPONENT)), lit(0.0)),
        (le(a.copy(), lit(LARGEST_EXPONENT)), func("EXP", a.copy())),
    ]
    return case(whens, add(a, lit(math.inf)))


def _expit(a: Expr) -> Expr:
    whens = [
        (lt(a.copy(), lit(SMALLEST_EXPONENT)), lit(0.0)),
        (le(a.copy(), lit(-SMALLEST_EXPONENT)), div(lit(1.0), add(lit(1.0), func("EXP", neg(a.copy()))))),
        (le(a.copy(), lit(math.inf)), lit(1.0)),
    ]
    return case(whens, a)


def _log(a: Expr) -> Expr:
    return case([(gt(a.copy(), lit(0.0)), func("LN", a.copy())), (eq(a, lit(0.0)), lit(-math.inf))])


def _sqrt(a: Expr) -> Expr:
    return case([(ge(a.copy(), lit(0.0)), func("SQRT", a))])


# The error of 1 + x, or of exp(x), is the same in both places where it comes in, and cancels: W. Kahan's way.


def _log1p(a: Expr) -> Expr:
    one_more = add(lit(1.0), a.copy())
    ratio = div(mul(func("LN", one_more.copy()), a.copy()), sub(one_more.copy(), lit(1.0)))
    whens = [
        (eq(one_more.copy(), lit(1.0)), a.copy()),
        (gt(a.copy(), lit(_HIDES_ONE)), func("LN", a.copy())),
        (gt(a.copy(), lit(-1.0)), ratio),
        (eq(a, lit(-1.0)), lit(-math.inf)),
    ]
    return case(whens)


def _expm1(a: Expr) -> Expr:
    power = func("EXP", a.copy())
    ratio = div(mul(sub(power.copy(), lit(1.0)), a.copy()), func("LN", power.copy()))
    whens = [
        (gt(a.copy(), lit(_LEAVES_ONE_ALONE)), sub(_exp(a.copy()), lit(1.0))),
        (lt(a.copy(), lit(-_LEAVES_ONE_ALONE)), lit(-1.0)),
        (eq(power, lit(1.0)), a.copy()),
        (le(a, lit(_LEAVES_ONE_ALONE)), ratio),
    ]
    return case(whens)


def _any_beyond(limit: Expr, *values: Expr) -> Expr:
    return or_(*(gt(func("ABS", value), limit.copy()) for value in values))


# Operations that write their argument more than once.
REPEATING = {"exp", "expit", "log", "log1p", "expm1", "sqrt", "single"}

OPERATIONS: dict[str, Callable[..., Expr]] = {
    "add": add,
    "subtract": sub,
    "multiply": mul,
    "divide": div,
    "sum": lambda *args: balanced_sum(args),
    "exp": _exp,
    "expit": _expit,
    "log": _log,
    "log1p": _log1p,
    "expm1": _expm1,
    "sqrt": _sqrt,
    "power": lambda a, b: func("POWER", a, b),
    "absolute": lambda a: func("ABS", a),
    "floor": lambda a: func("FLOOR", a),
    "single": lambda a: cast(cast(a, "FLOAT"), "DOUBLE"),
    "tanh": lambda a: func("TANH", a),
    "sin": lambda a: func("SIN", a),
    "cos": lambda a: func("COS", a),
    "minimum": smallest,
    "maximum": largest,
    "coalesce": coalesce,
    "equal": eq,
    "less": lt,
    "less_equal": le,
    "greater": gt,
    "greater_equal": ge,
    "is_missing": is_null,
    "any_missing": lambda *args: or_(*(is_null(arg) for arg in args)),
    "any_beyond": _any_beyond,
    "or": or_,
    "and": and_,
    "not": not_,
}


def _apply(node: Apply, args: Sequence[Expr]) -> Expr:
    return OPERATIONS[node.op](*args)


def _linear(node: Linear, terms: Sequence[Expr]) -> Expr:
    products = [term if c == 1.0 else mul(term, lit(c)) for term, c in zip(terms, node.coefficients, strict=True)]
    return balanced_sum([*products, lit(node.intercept)] if node.intercept or not products else products)


def _case(_: Case, parts: Sequence[Expr]) -> Expr:
    return case(zip(parts[:-1:2], parts[1::2], strict=True), parts[-1])


def _lookup(node: Lookup, parts: Sequence[Expr]) -> Expr:
    (of,) = parts
    by_value: dict[Value, list[Value]] = {}
    for category, value in node.entries:
        if value != node.otherwise:
            by_value.setdefault(value, []).append(category)
    whens = [(_is_one_of(of, categories), lit(value)) for value, categories in by_value.items()]
    if node.missing != node.otherwise:
        whens.append((is_null(of.copy()), lit(node.missing)))
    return case(whens, lit(node.otherwise)) if whens else lit(node.otherwise)


def _is_one_of(of: Expr, categories: Sequence[Value]) -> Expr:
    if len(categories) == 1:
        return eq(of.copy(), lit(categories[0]))
    return in_(of.copy(), [lit(category) for category in categories])


EXPRESSIONS: dict[type, Callable[..., Expr]] = {
    Apply: _apply,
    Linear: _linear,
    Case: _case,
    Lookup: _lookup,
    Named: lambda _, parts: parts[0],
}

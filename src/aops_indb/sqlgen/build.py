"""SQL expressions as sqlglot trees.

The only way the project writes an expression. What it guarantees:

- every compound operand is parenthesised: sqlglot's own operators print `a - (b - c)` as `a - b - c`;
- every constant is typed: a float is written with 17 significant digits and an exponent, so that engines read
  it as DOUBLE and not as DECIMAL; infinities, timestamps and intervals are casts;
- every identifier is quoted;
- durations are hours, minutes, seconds: a calendar day has a length that depends on the time zone of whoever asks.

Expressions are plain `sqlglot.exp.Expr`; builders copy nothing, so use a node in one place only, or `.copy()` it.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from sqlglot import exp

from aops_indb.sqlgen.sql_types import sql_type

Expr: TypeAlias = exp.Expr
Constant: TypeAlias = bool | int | float | str | bytes | dt.datetime | dt.timedelta | None

# What may stand as an operand of anything without parentheses.
_ATOMS = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Func, exp.Cast, exp.Paren,
    exp.Case, exp.Window, exp.Filter, exp.Parameter, exp.Placeholder, exp.Tuple, exp.Subquery, exp.Interval,
)  # fmt: skip
# What binds tighter than a comparison, in every dialect.
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg)
# And/Or are Func subclasses in sqlglot, yet print as infix operators.
_CONNECTORS = (exp.And, exp.Or, exp.Xor)


def operand(node: Expr) -> Expr:
    """A node as an operand of anything: in parentheses, unless it is an atom."""
    return node if isinstance(node, _ATOMS) and not isinstance(node, _CONNECTORS) else exp.Paren(this=node)


def _compared(node: Expr) -> Expr:
    """An operand of a comparison."""
    return node if isinstance(node, _ARITHMETIC) else operand(node)


def _condition(node: Expr) -> Expr:
    """An operand of AND and OR, which bind less than all else but each other."""
    known = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.In, exp.NullSafeEQ)
    return node if isinstance(node, known) else operand(node)


# ── names and constants ────────────────────────────────────────────────────────────────────────────────


def ident(name: str) -> exp.Identifier:
    """A quoted identifier."""
    return exp.Identifier(this=name, quoted=True)


def col(name: str, table: str | None = None) -> exp.Column:
    """A column reference, quoted.

    >>> col("a b", "t").sql("duckdb")
    '"t"."a b"'
    """
    return exp.Column(this=ident(name), table=ident(table) if table else None)


def star(table: str | None = None) -> Expr:
    """All columns, or all of one table."""
    return exp.Column(this=exp.Star(), table=ident(table)) if table else exp.Star()


def lit(value: Constant) -> Expr:
    """A typed constant.

    >>> [lit(v).sql("duckdb") for v in (0.1, 3, -2, True, None, "o'hare")]
    ['1.0000000000000001e-01', '3', '-2', 'TRUE', 'NULL', "'o''hare'"]
    """
    match value:
        case None:
            return exp.Null()
        case bool():
            return exp.Boolean(this=value)
        case int():
            return _signed(exp.Literal.number(str(abs(value))), value < 0)
        case float():
            return _double(value)
        case str():
            return exp.Literal.string(value)
        case bytes():
            return exp.HexString(this=value.hex())
        case dt.datetime():
            return timestamp(value)
        case dt.timedelta():
            return interval(value)


def _signed(number: Expr, negative: bool) -> Expr:
    return exp.Neg(this=number) if negative else number


def _double(value: float) -> Expr:
    if math.isfinite(value):
        return _signed(exp.Literal.number(f"{abs(value):.16e}"), math.copysign(1.0, value) < 0)
    text = "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return cast(exp.Literal.string(text), "DOUBLE")


def timestamp(value: dt.datetime) -> Expr:
    """A timestamp constant: TIMESTAMPTZ if the value has a time zone, else TIMESTAMP."""
    if value.tzinfo is None:
        return cast(exp.Literal.string(value.isoformat(sep=" ")), "TIMESTAMP")
    return cast(exp.Literal.string(value.astimezone(dt.UTC).isoformat(sep=" ")), "TIMESTAMPTZ")


_INTERVAL_UNITS = (("HOUR", 3_600_000_000), ("MINUTE", 60_000_000), ("SECOND", 1_000_000), ("MICROSECOND", 1))


def interval(duration: dt.timedelta) -> exp.Interval:
    """A length of time in the largest unit below the day that holds it exactly.

    >>> interval(dt.timedelta(days=7)).sql("duckdb")
    "INTERVAL '168' HOUR"
    """
    micros = duration // dt.timedelta(microseconds=1)
    unit, size = next((u, s) for u, s in _INTERVAL_UNITS if micros % s == 0)
    return exp.Interval(this=exp.Literal.string(str(micros // size)), unit=exp.Var(this=unit))


# ── arithmetic ─────────────────────────────────────────────────────────────────────────────────────────


def add(a: Expr, b: Expr) -> Expr:
    """`a + b`."""
    return exp.Add(this=operand(a), expression=operand(b))


def sub(a: Expr, b: Expr) -> Expr:
    """`a - b`.

    >>> sub(col("a"), sub(col("b"), col("c"))).sql("duckdb")
    '"a" - ("b" - "c")'
    """
    return exp.Sub(this=operand(a), expression=operand(b))


def mul(a: Expr, b: Expr) -> Expr:
    """`a * b`."""
    return exp.Mul(this=operand(a), expression=operand(b))


def div(a: Expr, b: Expr) -> Expr:
    """Float division; the caller sees to it that an operand is DOUBLE."""
    return exp.Div(this=operand(a), expression=operand(b), typed=False, safe=False)


def neg(a: Expr) -> Expr:
    """`-a`."""
    return exp.Neg(this=operand(a))


def balanced(operation: Callable[[Expr, Expr], Expr], terms: Sequence[Expr]) -> Expr:
    """The terms, at least one, joined by an operation that may be done in any order, as a balanced tree."""
    if len(terms) == 1:
        return terms[0]
    half = (len(terms) + 1) // 2
    return operation(balanced(operation, terms[:half]), balanced(operation, terms[half:]))


def balanced_sum(terms: Sequence[Expr]) -> Expr:
    """The sum of the terms as a balanced tree: engines limit depth, and plan it faster than a chain.

    >>> balanced_sum([col(c) for c in "abcd"]).sql("duckdb")
    '("a" + "b") + ("c" + "d")'
    """
    return balanced(add, terms) if terms else lit(0.0)


# ── comparisons and logic ──────────────────────────────────────────────────────────────────────────────


def eq(a: Expr, b: Expr) -> Expr:
    """`a = b`."""
    return exp.EQ(this=_compared(a), expression=_compared(b))


def ne(a: Expr, b: Expr) -> Expr:
    """`a <> b`."""
    return exp.NEQ(this=_compared(a), expression=_compared(b))


def lt(a: Expr, b: Expr) -> Expr:
    """`a < b`."""
    return exp.LT(this=_compared(a), expression=_compared(b))


def le(a: Expr, b: Expr) -> Expr:
    """`a <= b`."""
    return exp.LTE(this=_compared(a), expression=_compared(b))


def gt(a: Expr, b: Expr) -> Expr:
    """`a > b`."""
    return exp.GT(this=_compared(a), expression=_compared(b))


def ge(a: Expr, b: Expr) -> Expr:
    """`a >= b`."""
    return exp.GTE(this=_compared(a), expression=_compared(b))


def not_distinct(a: Expr, b: Expr) -> Expr:
    """Equal, where NULL equals NULL."""
    return exp.NullSafeEQ(this=_compared(a), expression=_compared(b))


def is_null(a: Expr) -> Expr:
    """`a IS NULL`."""
    return exp.Is(this=_compared(a), expression=exp.Null())


def is_not_null(a: Expr) -> Expr:
    """`a IS NOT NULL`."""
    return exp.Is(this=_compared(a), expression=exp.Not(this=exp.Null()))


def in_(a: Expr, values: Iterable[Expr]) -> Expr:
    """`a IN (…)`."""
    return exp.In(this=_compared(a), expressions=list(values))


def not_(a: Expr) -> Expr:
    """`NOT a`."""
    return exp.Not(this=operand(a))


def and_(*conditions: Expr) -> Expr:
    """All of the conditions; TRUE if there are none."""
    return _connect(exp.And, conditions, exp.Boolean(this=True))


def or_(*conditions: Expr) -> Expr:
    """Any of the conditions; FALSE if there are none."""
    return _connect(exp.Or, conditions, exp.Boolean(this=False))


def _connect(kind: type[exp.Connector], conditions: Sequence[Expr], empty: Expr) -> Expr:
    if not conditions:
        return empty
    result = conditions[0]
    for condition in conditions[1:]:
        left = result if isinstance(result, kind) else _condition(result)
        result = kind(this=left, expression=_condition(condition))
    return result


def case(whens: Iterable[tuple[Expr, Expr]], default: Expr | None = None) -> Expr:
    """`CASE WHEN … THEN … ELSE default END`.

    >>> case([(is_null(col("a")), lit(1))], lit(0)).sql("duckdb")
    'CASE WHEN "a" IS NULL THEN 1 ELSE 0 END'
    """
    branches = [exp.If(this=condition, true=value) for condition, value in whens]
    return exp.Case(ifs=branches, default=default)


# ── functions, types ───────────────────────────────────────────────────────────────────────────────────


def cast(a: Expr, to: str) -> Expr:
    """`CAST(a AS to)`; `to` is a type as sqlglot spells it, e.g. DOUBLE, VARCHAR, TIMESTAMPTZ."""
    return exp.Cast(this=a, to=sql_type(to))


def converted(a: Expr, to: str) -> Expr:
    """`CAST(a AS to)` of any value, as DuckDB makes it: numbers are rounded to whole ones, not cut off.

    >>> converted(col("a"), "BIGINT").sql("duckdb")
    'CAST("a" AS BIGINT)'
    """
    made = cast(a, to)
    made.meta["converted"] = True
    return made


def is_converted(node: Expr) -> bool:
    """Whether a cast is of any value."""
    return bool(node.meta.get("converted"))


def collated(a: Expr, collation: str) -> Expr:
    """Text to be compared by a collation, whatever the one in force is."""
    return exp.Collate(this=operand(a), expression=ident(collation))


def cast_as_written(a: Expr, to: str) -> Expr:
    """`CAST(a AS to)`; `to` is a type as the engine itself writes it, and is left so.

    >>> cast_as_written(col("a"), "public.mood").sql("postgres")
    'CAST("a" AS public.mood)'
    """
    return exp.Cast(this=a, to=exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=to))


def func(name: str, *args: Expr) -> Expr:
    """A function by its SQL name; names sqlglot knows are translated between dialects."""
    return exp.func(name, *args)


def anonymous(name: str, *args: Expr) -> Expr:
    """A function written exactly as named, in every dialect."""
    return exp.Anonymous(this=name, expressions=list(args))


def coalesce(*args: Expr) -> Expr:
    """The first that is not NULL."""
    return exp.Coalesce(this=args[0], expressions=list(args[1:]))


def greatest(*args: Expr) -> Expr:
    """The largest of the arguments."""
    return args[0] if len(args) == 1 else exp.Greatest(this=args[0], expressions=list(args[1:]))


def least(*args: Expr) -> Expr:
    """The smallest of the arguments."""
    return args[0] if len(args) == 1 else exp.Least(this=args[0], expressions=list(args[1:]))


def largest(*args: Expr) -> Expr:
    """The largest of the arguments that are not NULL."""
    return exp.Greatest(this=args[0], expressions=list(args[1:]), ignore_nulls=True) if args[1:] else args[0]


def smallest(*args: Expr) -> Expr:
    """The smallest of the arguments that are not NULL."""
    return exp.Least(this=args[0], expressions=list(args[1:]), ignore_nulls=True) if args[1:] else args[0]


def count_star() -> Expr:
    """`COUNT(*)`."""
    return exp.Count(this=exp.Star())


def string_agg(value: Expr, *, order_by: Sequence[Expr], separator: str = "") -> Expr:
    """The values of a group, joined to one text in an order."""
    ordered = exp.Order(this=value, expressions=list(order_by))
    return exp.GroupConcat(this=ordered, separator=lit(separator))


def sum_in_order(value: Expr, order_by: Sequence[Expr]) -> Expr:
    """The sum of the values of a group, added one after another in an order."""
    return exp.Sum(this=exp.Order(this=value, expressions=list(order_by)))


def filtered(aggregate: Expr, condition: Expr) -> Expr:
    """`aggregate FILTER (WHERE condition)`."""
    return exp.Filter(this=aggregate, expression=exp.Where(this=condition))


def by_case(aggregate: Expr) -> Expr:
    """`f(CASE WHEN condition THEN a END)` for `f(a) FILTER (WHERE condition)`, of an f that leaves NULL out.

    DuckDB takes half as long where there are many of them.
    """
    if not isinstance(aggregate, exp.Filter):
        return aggregate
    function: Expr = aggregate.this
    condition: Expr = aggregate.expression.this
    function.set("this", case([(condition, function.this)]))
    return function


def bit_and(a: Expr, b: Expr) -> Expr:
    """The bits set in both of two integers."""
    return exp.BitwiseAnd(this=operand(a), expression=operand(b))


def bit_or(a: Expr, b: Expr) -> Expr:
    """The bits set in either of two integers."""
    return exp.BitwiseOr(this=operand(a), expression=operand(b))


def shift_left(a: Expr, bits: Expr) -> Expr:
    """An integer with its bits moved up."""
    return exp.BitwiseLeftShift(this=operand(a), expression=operand(bits))


def shift_right(a: Expr, bits: Expr) -> Expr:
    """An integer with its bits moved down."""
    return exp.BitwiseRightShift(this=operand(a), expression=operand(bits))


def row(values: Sequence[Expr]) -> Expr:
    """A row value, compared column by column."""
    return exp.Anonymous(this="ROW", expressions=list(values))

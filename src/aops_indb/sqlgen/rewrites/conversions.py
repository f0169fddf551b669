"""Values of any type made into those of another, as DuckDB does it, where a cast would give another value."""

from __future__ import annotations

from sqlglot import exp

from aops_indb.sqlgen.build import Expr, anonymous, case, cast, func, in_, is_converted, lit

_WHOLE = (exp.DataType.Type.INT, exp.DataType.Type.BIGINT)
# How a float is written as text differs: 1e20 is 1e+20, 1.0E20 or 100000000000000000000.
_MESSAGE = (
    "a float as text reads otherwise in each warehouse: make it a DType.Float64, or round it in its expr, "
    "e.g. CAST(CAST(amount AS DECIMAL(18, 2)) AS VARCHAR)"
)


def rounded_in_spark(node: exp.Cast) -> Expr:
    """A float rounded to a whole number, half to even, a decimal half away from 0: Spark cuts both off."""
    if not is_converted(node):
        return node
    value = node.this
    kind = anonymous("TYPEOF", value.copy())
    if node.to.this in _WHOLE:
        even = anonymous("RINT", cast(value.copy(), "DOUBLE"))
        away = func("ROUND", cast(value.copy(), "DECIMAL(38, 18)"))
        decimal = exp.Like(this=kind.copy(), expression=lit("decimal%"))
        floats = in_(kind, [lit("double"), lit("float")])
        whens = [(floats, _to(even, node)), (decimal, _to(away, node))]
        return case(whens, _to(value.copy(), node))
    if node.is_type(exp.DataType.Type.VARCHAR):
        floats = in_(kind, [lit("double"), lit("float")])
        return case([(floats, anonymous("RAISE_ERROR", lit(_MESSAGE)))], _to(value.copy(), node))
    return node


def told_in_postgres(node: exp.Cast) -> Expr:
    """A float made text is an error: PostgreSQL writes 1 where DuckDB writes 1.0."""
    if not is_converted(node) or not node.is_type(exp.DataType.Type.VARCHAR):
        return node
    value = node.this
    told = cast(cast(anonymous("CONCAT", lit(f"{_MESSAGE}: "), value.copy()), "DOUBLE"), "VARCHAR")
    kind = anonymous("PG_TYPEOF", value.copy())
    return case([(in_(kind, [lit("double precision"), lit("real")]), told)], _to(value.copy(), node))


def _to(value: Expr, node: exp.Cast) -> Expr:
    return exp.Cast(this=value, to=node.to.copy())

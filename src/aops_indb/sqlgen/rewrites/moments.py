"""Times and lengths of time, errors, and sums in order, as a dialect has them."""

from __future__ import annotations

from decimal import Decimal

from sqlglot import exp

from aops_indb.errors import AopsError
from aops_indb.sqlgen.build import Expr, add, and_, anonymous, case, cast, eq, func, gt, ident, is_not_null, lit, mul
from aops_indb.sqlgen.lists import lambda_, struct

_SECONDS = {
    "HOUR": Decimal(3600),
    "MINUTE": Decimal(60),
    "SECOND": Decimal(1),
    "MILLISECOND": Decimal("0.001"),
    "MICROSECOND": Decimal("0.000001"),
}
_HOUR = 3600


def hours_of_the_clock(node: exp.Interval) -> Expr:
    """A length of time that Spark adds as it is; of an interval of 24 hours it makes a day, of 23 hours or of 25.

    >>> from aops_indb.sqlgen.parse import parse_expression
    >>> hours_of_the_clock(parse_expression("INTERVAL '36' HOUR")).sql("spark")
    'MAKE_INTERVAL(0, 0, 0, 0, 36, 0, 0)'
    """
    unit = node.args["unit"].name.upper().removesuffix("S") if node.args.get("unit") else ""
    if unit not in _SECONDS or not isinstance(node.this, exp.Literal) or isinstance(node.parent, exp.WindowSpec):
        return node
    hours, seconds = divmod(Decimal(node.this.this) * _SECONDS[unit], _HOUR)
    rest = exp.Literal.number(f"{seconds.normalize():f}")
    return anonymous("MAKE_INTERVAL", lit(0), lit(0), lit(0), lit(0), lit(int(hours)), lit(0), rest)


def frames_by_microseconds(node: exp.Window) -> Expr:
    """A frame over times as one over their microseconds: by an interval of 24 hours Spark would go back a day.

    Of the two types of times each has a way of its own; which it is, is known before a row is read.
    """
    spec = node.args.get("spec")
    bounds = [side for side in ("start", "end") if spec and isinstance(spec.args.get(side), exp.Interval)]
    if spec is None or not bounds:
        return node
    for side in bounds:
        length = spec.args[side]
        spec.set(side, lit(int(Decimal(length.this.this) * _SECONDS[length.args["unit"].name.upper()] * 1_000_000)))
    [key] = node.args["order"].expressions
    key.set("this", _microseconds(key.this))
    return node


def microseconds_by_type(node: exp.Anonymous) -> Expr:
    """`EPOCH_US(t)`, the microseconds since 1970, of either type of times that Spark has."""
    return _microseconds(node.expressions[0]) if node.name.upper() == "EPOCH_US" else node


def microseconds_by_extract(node: exp.Anonymous) -> Expr:
    """The same in PostgreSQL, whose EXTRACT is exact."""
    if node.name.upper() != "EPOCH_US":
        return node
    seconds = exp.Extract(this=exp.Var(this="EPOCH"), expression=node.expressions[0])
    return cast(mul(seconds, lit(1_000_000)), "BIGINT")


def _microseconds(moment: Expr) -> Expr:
    since = anonymous("TIMESTAMPDIFF", exp.Var(this="MICROSECOND"), _epoch(), moment.copy())
    zoned = eq(anonymous("TYPEOF", moment.copy()), lit("timestamp"))
    return case([(zoned, anonymous("UNIX_MICROS", moment.copy()))], since)


def _epoch() -> Expr:
    return cast(lit("1970-01-01 00:00:00"), "TIMESTAMP")


def utc_by_microseconds(node: exp.Anonymous) -> Expr:
    """`TIMEZONE('UTC', t)`, the time in UTC of a time with a zone, whatever the zone of whoever asks."""
    if node.name.upper() != "TIMEZONE":
        return node
    zone, moment = node.expressions
    if not isinstance(zone, exp.Literal) or zone.this != "UTC":
        raise AopsError(
            f"this SQL has {node.sql('duckdb')}, which spark does not have: write 'UTC', or render for duckdb"
        )
    return anonymous("TIMESTAMPADD", exp.Var(this="MICROSECOND"), anonymous("UNIX_MICROS", moment), _epoch())


def numbers_as_read(node: exp.Window) -> Expr:
    """`ROW_NUMBER() OVER ()` as a number that grows in the order of reading, without moving all rows to one place."""
    ordered = node.args.get("order") or node.args.get("partition_by") or node.args.get("alias")
    return node if ordered or not isinstance(node.this, exp.RowNumber) else anonymous("MONOTONICALLY_INCREASING_ID")


# ── errors ─────────────────────────────────────────────────────────────────────────────────────────────


def errors_by_function(node: exp.Anonymous) -> Expr:
    """`ERROR(message)` by Spark's function."""
    return anonymous("RAISE_ERROR", *node.expressions) if node.name.upper() == "ERROR" else node


def errors_by_cast(node: exp.Anonymous) -> Expr:
    """`ERROR(message)` as text that is no number, where no function raises.

    With the value that was too large, which a planner does not know: a constant it would compute beforehand.
    """
    if node.name.upper() != "ERROR":
        return node
    branch = node.parent
    if not isinstance(branch, exp.If) or not isinstance(branch.this, exp.GT):
        raise AopsError("this SQL has the function ERROR, which postgres does not have: render it for duckdb")
    return cast(anonymous("CONCAT", node.expressions[0], lit(": "), branch.this.this.copy()), "DOUBLE")


# ── sums in order ──────────────────────────────────────────────────────────────────────────────────────


def sums_of_sorted_arrays(node: exp.Sum | exp.Filter) -> Expr:
    """`SUM(x ORDER BY ABS(x) DESC, x DESC)` of floats, where an aggregate takes no order.

    Of x as anything but DOUBLE nobody knows what the sum's type should be.
    """
    total = node.this if isinstance(node, exp.Filter) else node
    if not isinstance(total, exp.Sum) or not isinstance(total.this, exp.Order) or isinstance(node.parent, exp.Filter):
        return node
    value = total.this.this
    if not _is_double(value, node.root()):
        raise AopsError(
            "this SQL sums numbers of a type that nobody could be asked for, in an order, which spark does not do: "
            "cast them in the definition, e.g. Aggregation(expr='CAST(amount AS DOUBLE)', …)"
        )
    pair = struct({"size": func("ABS", value.copy()), "value": value.copy()})
    conditions = [is_not_null(value.copy()), *([node.expression.this] if isinstance(node, exp.Filter) else [])]
    # NULL is left out
    listed = anonymous("COLLECT_LIST", case([(and_(*conditions), pair)]))
    body = add(ident("total"), exp.Dot(this=ident("one"), expression=ident("value")))
    descending = anonymous("SORT_ARRAY", listed, lit(False))
    added = anonymous("AGGREGATE", descending, cast(lit(0.0), "DOUBLE"), lambda_(["total", "one"], body))
    return case([(gt(anonymous("SIZE", listed.copy()), lit(0)), added)])


def _is_double(value: Expr, tree: Expr) -> bool:
    """Whether a value is made DOUBLE, or a column of that name is, wherever the tree makes one."""
    match value:
        case exp.Cast():
            return bool(value.is_type(exp.DataType.Type.DOUBLE))
        case exp.Case():
            default = value.args.get("default")
            made = [branch.args["true"] for branch in value.args["ifs"]] + ([default] if default is not None else [])
            return all(_is_double(one, tree) for one in made)
        case exp.Column():
            named = [alias.this for alias in tree.find_all(exp.Alias) if alias.alias == value.name]
            return bool(named) and all(not isinstance(one, exp.Column) and _is_double(one, tree) for one in named)
    return False

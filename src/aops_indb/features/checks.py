"""Checks as SQL: what fails of each row, in one pass for all checks of a relation; and the rows that fail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from aops_indb.features.definitions import Check, DataSource, FeatureView
from aops_indb.features.view_versions import spelled
from aops_indb.sqlgen.build import (
    Expr,
    and_,
    anonymous,
    cast,
    coalesce,
    col,
    count_star,
    eq,
    filtered,
    func,
    gt,
    in_,
    is_not_null,
    is_null,
    lit,
    lt,
    not_,
    or_,
    star,
)
from aops_indb.sqlgen.parse import parse_expression, parse_select
from aops_indb.sqlgen.statements import Query, select, subquery
from aops_indb.sqlgen.windows import over

# Column name -> SQL type of a relation.
Types = Mapping[str, str]

CHECKED, FAILING, NEWEST = "checked", "failing", "newest"
_FLOATS = ("DOUBLE", "FLOAT", "REAL")
_COUNT = "__rows_alike"


def checks_on(thing: DataSource | FeatureView, others: Mapping[str, Check]) -> tuple[Check, ...]:
    """Every check of a source or view: its own, those that name it, and that its rows are fresh."""
    named = [check for check in others.values() if check.on is not None and _is(check.on, thing)]
    fresh = []
    if isinstance(thing, DataSource) and thing.freshness is not None and thing.timestamp_field is not None:
        fresh = [Check(kind="freshness", column=thing.timestamp_field, max_age=thing.freshness, name="freshness")]
    return (*thing.checks, *fresh, *named)


def _is(one: object, other: DataSource | FeatureView) -> bool:
    if isinstance(one, FeatureView) and isinstance(other, FeatureView):
        # of versions side by side the newest has the name, and each its number
        return spelled(one.reference_name) in (other.name, spelled(other.reference_name))
    return type(one) is type(other) and getattr(one, "name", None) == other.name


# ── rows ───────────────────────────────────────────────────────────────────────────────────────────────


def _out_of_range(check: Check, column: str, types: Types) -> Expr:
    value = col(column)
    beyond = [] if check.minimum is None else [lt(value.copy(), _constant(check.minimum))]
    beyond += [] if check.maximum is None else [gt(value.copy(), _constant(check.maximum))]
    if {name.lower(): sql_type for name, sql_type in types.items()}.get(column.lower()) in _FLOATS:
        # NaN is above every number in a warehouse, so that a minimum alone would let it pass
        beyond.append(eq(value.copy(), cast(lit("nan"), "DOUBLE")))
    return or_(*beyond)


def _not_accepted(check: Check, column: str, _: Types) -> Expr:
    return not_(in_(col(column), [_constant(value) for value in check.values]))


def _not_matching(check: Check, column: str, _: Types) -> Expr:
    return not_(func("REGEXP_LIKE", cast(col(column), "VARCHAR"), lit(f"^(?:{check.pattern})$")))


# kind -> what is true of a row that fails in one column
_BY_COLUMN: dict[str, Callable[[Check, str, Types], Expr]] = {
    "not_null": lambda _, column, __: is_null(col(column)),
    "in_range": _out_of_range,
    "accepted_values": _not_accepted,
    "matches": _not_matching,
}
# kinds of which each row fails or passes by itself
ROW_KINDS = (*_BY_COLUMN, "condition")
# kinds that are of the rows as a whole: no row is at fault
WHOLE_KINDS = ("freshness", "row_count_change")


def fails(check: Check, types: Types) -> Expr:
    """Whether a row fails a check of one of ROW_KINDS: true, false or NULL."""
    if check.kind == "condition":
        return not_(parse_expression(check.condition or ""))
    return or_(*(_BY_COLUMN[check.kind](check, column, types) for column in check.about))


def _constant(value: object) -> Expr:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return cast(lit(value.isoformat()), "DATE")
    return lit(value)  # type: ignore[arg-type]


def _where(check: Check) -> list[Expr]:
    return [parse_expression(check.where)] if check.where else []


# ── counts ─────────────────────────────────────────────────────────────────────────────────────────────


def shares_a_pass(check: Check) -> bool:
    """Whether it needs no more than one look at each row, whatever the others are."""
    return check.kind in ROW_KINDS or check.kind in WHOLE_KINDS


def counts_together(relation: Expr, checks: Sequence[Check], types: Types) -> Query:
    """One row: of each check the rows it is about, those that fail, and the newest time, as checked_0, failing_0 …"""
    columns: dict[str, Expr] = {}
    for position, check in enumerate(checks):
        where = _where(check)
        columns[f"{CHECKED}_{position}"] = filtered(count_star(), where[0]) if where else count_star()
        if check.kind in ROW_KINDS:
            failing = and_(*_where(check), fails(check, types))
            columns[f"{FAILING}_{position}"] = filtered(count_star(), failing)
        if check.kind == "freshness":
            newest = func("MAX", col(check.about[0]))
            columns[f"{NEWEST}_{position}"] = filtered(newest, *_where(check)) if where else newest
    return select(columns, relation)


def counts_alone(relation: Expr, check: Check) -> Query:
    """One row, checked_0 and failing_0, of a check that is a query, or that compares rows with each other."""
    if check.kind == "query":
        failing = select({FAILING: count_star()}, subquery(parse_select(check.query or ""), "failing"))
        return select({f"{CHECKED}_0": lit(None), f"{FAILING}_0": subquery(failing)})
    present = and_(*(is_not_null(col(name)) for name in check.about))
    alike = select(
        {_COUNT: count_star(), "__present": present},
        relation,
        where=_where(check),
        group_by=[col(name) for name in check.about],
    )
    several = and_(gt(col(_COUNT), lit(1)), col("__present"))
    total = coalesce(func("SUM", col(_COUNT)), lit(0))
    failing_rows = coalesce(filtered(func("SUM", col(_COUNT)), several), lit(0))
    counted = {f"{CHECKED}_0": cast(total, "BIGINT"), f"{FAILING}_0": cast(failing_rows, "BIGINT")}
    return select(counted, subquery(alike, "alike"))


def failing_rows(relation: Expr, check: Check, types: Types) -> Query | None:
    """Some of the rows that fail, as many as are kept; None for a check of the rows as a whole."""
    if check.kind in WHOLE_KINDS:
        return None
    if check.kind == "query":
        return select([star()], subquery(parse_select(check.query or ""), "failing"), limit=check.keep)
    columns = [col(name) for name in types]
    if check.kind != "unique":
        return select(columns, relation, where=[*_where(check), fails(check, types)], limit=check.keep)
    alike = over(anonymous("COUNT", star()), [col(name) for name in check.about])
    present = [is_not_null(col(name)) for name in check.about]
    named = [column.copy() for column in columns]
    rows = select(named, relation, where=[*_where(check), *present], qualify=gt(alike, lit(1)))
    return select(columns, subquery(rows, "rows_alike"), limit=check.keep)

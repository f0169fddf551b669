"""Expressions mean what their tree says: random trees, evaluated by DuckDB and by plain Python."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from aops_indb.errors import AopsError, DefinitionError
from aops_indb.sqlgen import build, parse, statements
from aops_indb.sqlgen.build import Expr
from aops_indb.sqlgen.dialects import dialect
from aops_indb.sqlgen.render import render

DUCKDB = dialect("duckdb")
COLUMNS = {"a": 3.0, "b": -2.0, "c": 0.5, "d": 7.0}
TRUTHS = {"p": True, "q": False, "r": None}

ARITHMETIC: dict[str, tuple[Callable[..., Expr], Callable[[float, float], float]]] = {
    "add": (build.add, lambda x, y: x + y),
    "sub": (build.sub, lambda x, y: x - y),
    "mul": (build.mul, lambda x, y: x * y),
    "div": (build.div, lambda x, y: math.nan if y == 0 or math.isnan(y) else x / y),
}
COMPARISONS: dict[str, tuple[Callable[..., Expr], Callable[[float, float], bool]]] = {
    "lt": (build.lt, lambda x, y: x < y),
    "le": (build.le, lambda x, y: x <= y),
    "gt": (build.gt, lambda x, y: x > y),
    "ge": (build.ge, lambda x, y: x >= y),
    "eq": (build.eq, lambda x, y: x == y),
    "ne": (build.ne, lambda x, y: x != y),
}


def number(rng: random.Random, depth: int) -> tuple[Expr, float]:
    if depth == 0 or rng.random() < 0.2:
        if rng.random() < 0.5:
            name = rng.choice(list(COLUMNS))
            return build.col(name), COLUMNS[name]
        value = rng.choice([0.1, -0.1, 2.0, -5.0, 1e-7, 3.25])
        return build.lit(value), value
    if rng.random() < 0.15:
        tree, value = number(rng, depth - 1)
        return build.neg(tree), -value
    if rng.random() < 0.15:
        condition, truth = logic(rng, depth - 1)
        (left, x), (right, y) = number(rng, depth - 1), number(rng, depth - 1)
        return build.case([(condition, left)], right), x if truth else y
    make, compute = ARITHMETIC[rng.choice(list(ARITHMETIC))]
    (left, x), (right, y) = number(rng, depth - 1), number(rng, depth - 1)
    return make(left, right), compute(x, y)


def logic(rng: random.Random, depth: int) -> tuple[Expr, bool | None]:
    if depth == 0 or rng.random() < 0.1:
        name = rng.choice(list(TRUTHS))
        return build.col(name), TRUTHS[name]
    kind = rng.choice(["compare", "and", "or", "not", "null", "not null"])
    if kind == "compare":
        make, compute = COMPARISONS[rng.choice(list(COMPARISONS))]
        (left, x), (right, y) = number(rng, depth - 1), number(rng, depth - 1)
        return make(left, right), compute(x, y)
    left_tree, p = logic(rng, depth - 1)
    if kind == "not":
        return build.not_(left_tree), None if p is None else not p
    if kind == "null":
        return build.is_null(left_tree), p is None
    if kind == "not null":
        return build.is_not_null(left_tree), p is not None
    right_tree, q = logic(rng, depth - 1)
    if kind == "and":
        return build.and_(left_tree, right_tree), False if False in (p, q) else None if None in (p, q) else True
    return build.or_(left_tree, right_tree), True if True in (p, q) else None if None in (p, q) else False


def evaluate(tree: Expr) -> Any:
    given = {**COLUMNS, **TRUTHS}
    columns = ", ".join(f"CAST({'NULL' if v is None else v} AS {type_of(n)}) AS {n}" for n, v in given.items())
    return duckdb.execute(f"SELECT {render(tree, DUCKDB)} FROM (SELECT {columns})").fetchall()[0][0]


def type_of(name: str) -> str:
    return "BOOLEAN" if name in TRUTHS else "DOUBLE"


def finite(value: float) -> bool:
    return not math.isnan(value) and not math.isinf(value)


@pytest.mark.parametrize("seed", range(150))
def test_arithmetic_keeps_its_shape(seed: int) -> None:
    tree, expected = number(random.Random(seed), 5)
    if finite(expected):  # division by zero has no value of its own in Python
        assert evaluate(tree) == expected


@pytest.mark.parametrize("seed", range(150))
def test_logic_keeps_its_shape(seed: int) -> None:
    rng = random.Random(seed)
    # numbers at depth 0: no division by zero
    tree, expected = logic(rng, 2)
    assert evaluate(tree) == expected


@pytest.mark.parametrize(
    "value",
    [
        0.1,
        -0.1,
        1 / 3,
        5e-324,
        1.7976931348623157e308,
        math.inf,
        -math.inf,
        -0.0,
        0,
        -7,
        2**62,
        True,
        None,
        "o'hare",
        "",
    ],
    ids=repr,
)
def test_constants_come_back_as_they_were(value: Any) -> None:
    found = evaluate(build.lit(value))
    assert found == value
    assert type(found) is type(value)
    if isinstance(value, float):
        assert math.copysign(1, found) == math.copysign(1, value)


def test_a_time_with_a_zone_is_the_same_moment() -> None:
    moment = dt.datetime(2013, 3, 10, 3, 30, tzinfo=dt.timezone(dt.timedelta(hours=-4)))
    assert evaluate(build.lit(moment)) == moment


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
def test_a_day_is_24_hours_in_every_time_zone(zone: str) -> None:
    before_change = build.lit(dt.datetime(2013, 3, 9, 12, tzinfo=dt.UTC))
    later = build.add(before_change, build.interval(dt.timedelta(days=1)))
    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = '{zone}'").fetchall()
        found = connection.execute(f"SELECT epoch({render(later, DUCKDB)})").fetchall()[0][0]
    assert found == dt.datetime(2013, 3, 10, 12, tzinfo=dt.UTC).timestamp()


def test_a_sum_of_thousands_is_balanced() -> None:
    terms = [build.lit(float(i)) for i in range(5000)]
    assert evaluate(build.balanced_sum(terms)) == sum(range(5000))


@pytest.mark.parametrize("name", ['a "quoted" name', "select", "Grüße", "semi;colon", "a.b", "x" * 200])
def test_names_are_quoted(name: str) -> None:
    column = render(build.col(name), DUCKDB)
    quoted = '"' + name.replace('"', '""') + '"'
    assert duckdb.execute(f"SELECT {column} FROM (SELECT 1 AS {quoted})").fetchall() == [(1,)]


@pytest.mark.parametrize(
    "sql", ["", "a +", "1; DROP TABLE x", "SELECT 1", "DROP TABLE x", "INSERT INTO t VALUES (1)", "a, b"]
)
def test_only_one_expression_is_an_expression(sql: str) -> None:
    with pytest.raises(DefinitionError):
        parse.parse_expression(sql)


@pytest.mark.parametrize(
    "sql", ["a", "a AT TIME ZONE 'UTC'", "INTERVAL 1 HOUR", "CASE WHEN a THEN 1 END", "NOT a", "-1"]
)
def test_every_kind_of_expression_is_taken(sql: str) -> None:
    assert duckdb.execute(f"SELECT {render(parse.parse_expression(sql), DUCKDB)} FROM (SELECT {GIVEN[sql]})").fetchall()


GIVEN = {
    "a": "1 AS a",
    "a AT TIME ZONE 'UTC'": "TIMESTAMP '2013-01-01' AS a",
    "INTERVAL 1 HOUR": "1",
    "CASE WHEN a THEN 1 END": "true AS a",
    "NOT a": "true AS a",
    "-1": "1",
}


@pytest.mark.parametrize("sql", ["a + 1", "DELETE FROM t", "SELECT 1; SELECT 2", "COPY t TO 'f'", ""])
def test_only_one_query_is_a_query(sql: str) -> None:
    with pytest.raises(DefinitionError):
        parse.parse_select(sql)


LACKING = {
    "an ASOF join": statements.select(
        [build.star()],
        statements.table("a"),
        joins=[statements.Join(statements.table("b"), "asof_left", build.lit(True))],
    ),
    "a table macro": statements.create_table_macro(statements.table("m"), ["p"], statements.select([build.lit(1)])),
}


@pytest.mark.parametrize("what", LACKING)
def test_what_a_dialect_lacks_is_refused(what: str) -> None:
    assert render(LACKING[what].copy(), DUCKDB)
    with pytest.raises(AopsError, match=rf"this SQL .*{what}, which sqlite does not have"):
        render(LACKING[what].copy(), dialect("sqlite"))

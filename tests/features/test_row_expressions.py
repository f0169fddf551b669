"""What an expression of a definition may do: compute one value from one row, and always the same one."""

from __future__ import annotations

import pytest

from aops_indb import DataSource
from aops_indb.engines import Session
from aops_indb.errors import AopsError, DefinitionError
from aops_indb.sqlgen.row_expressions import require_row_expression

# what is written -> what the message says
REFUSED = [
    # other rows
    ("v + (SELECT max(v) FROM t)", "(SELECT MAX(v) FROM t) looks at other rows"),
    ("v + (FROM t)", "looks at other rows"),
    ("EXISTS (SELECT 1 FROM t)", "EXISTS(SELECT 1 FROM t) looks at other rows"),
    ("v IN (SELECT v FROM t)", "looks at other rows"),
    ("v = ANY (SELECT v FROM t)", "looks at other rows"),
    ("CASE WHEN v > 0 THEN array(SELECT v FROM t) END", "looks at other rows"),
    ("abs(abs(coalesce(v, sum(v))))", "SUM(v) looks at other rows"),
    ("abs(row_number() OVER ())", "ROW_NUMBER() OVER () looks at other rows"),
    ("1 + entropy(v)", "ENTROPY(v) looks at other rows, whatever their time: use an Aggregation"),
    ("list_transform([1], x -> x + max(v))", "MAX(v) looks at other rows"),
    # another value each time
    ("v * random()", "RANDOM() changes from call to call"),
    ("now() - t", "NOW() changes from call to call, and a feature must be the same for whoever asks"),
    ("t < current_timestamp", "event_timestamp in an OnDemandFeature"),
    ("t::DATE < current_date", "CURRENT_DATE changes"),
    ("age(t)", "AGE(t) changes"),
    ("v + nextval('s')", "NEXTVAL('s') changes"),
    ("uuid()", "UUID() changes"),
    ("getvariable('v')", "GETVARIABLE('v') changes"),
    ("coalesce(v, gen_random_uuid())", "UUID() changes"),
    ("system.main.random()", "write it as RANDOM(…), without a dot before"),
    ("t.hour()", "write it as HOUR(…), without a dot before"),
    # not one value
    ("unnest([v, 1])", "makes several rows or columns of one"),
    ("coalesce(*COLUMNS(*))", "makes several rows or columns of one"),
    ("v + $1", "$1 is a parameter"),
    ("(" * 3000 + "v" + ")" * 3000, "is nested too deeply"),
]

ACCEPTED = [
    "age(t, u)", "error('no')", "greatest(a, b)", "a IN (1, 2)", "a.b.c.d.e", "list_sum([a, b])", "epoch(t)",
    "CASE WHEN a THEN b ELSE error('none') END", "[x FOR x IN l IF x > 1]", "+".join(["a"] * 1000), "abs(-a)",
]  # fmt: skip


@pytest.mark.parametrize(("written", "expected"), REFUSED)
def test_refused(written: str, expected: str) -> None:
    with pytest.raises((AopsError, ValueError)) as raised:
        require_row_expression(written)
    assert expected in str(raised.value)
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize("written", ACCEPTED)
def test_accepted(written: str) -> None:
    assert require_row_expression(written) == written


# DuckDB counts it among those that change, as it must not be folded: it only raises.
STEADY = {"error"}


def test_all_that_duckdb_has(session: Session) -> None:
    """DuckDB's own list of its aggregates, window functions and functions that change."""
    found = session.native.sql(
        "SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_name ~ '^[a-z_0-9]+$' AND"
        " (function_type IN ('aggregate', 'window') OR stability IN ('VOLATILE', 'CONSISTENT_WITHIN_QUERY'))"
    ).fetchall()
    names = {name for (name,) in found} - STEADY
    assert len(names) > 100
    assert not [name for name in sorted(names) if _taken(f"1 + {name}()") or _taken(f"1 + {name}(v)")]


def _taken(written: str) -> bool:
    try:
        require_row_expression(written)
    except (AopsError, ValueError):
        return False
    return True


@pytest.mark.parametrize(
    "written", ["SELECT now() AS at FROM t", "SELECT * FROM t WHERE d > current_date", "SELECT random() AS r FROM t"]
)
def test_a_source_query_that_changes(written: str) -> None:
    with pytest.raises(DefinitionError, match="changes from call to call, and what was known at a time must stay"):
        DataSource(name="s", query=written, timestamp_field="at")

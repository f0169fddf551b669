"""Drafts of definitions for tables of any types and names: what is proposed can be applied and read."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from aops_indb import Project
from aops_indb.features.loader import load_definitions

# DuckDB's own table of a column of each type, with its least and its greatest value
ALL = "SELECT 7 AS customer_no, TIMESTAMPTZ '2024-01-01' AS happened_at, * FROM test_all_types()"
# what the table is -> how many rows the view has, one for each key; None: there is no view
TABLES: dict[str, tuple[str, int | None]] = {
    "all types": (ALL, 1),
    "all types, no times": ("SELECT 7 AS customer_no, * EXCLUDE (timestamp, timestamp_tz) FROM test_all_types()", 1),
    "no rows": (f"{ALL} LIMIT 0", 0),
    "numbers": (
        "SELECT i::BIGINT AS id, i::HUGEINT AS h, i::UBIGINT AS ub, i::DECIMAL(30, 3) AS d, i::FLOAT AS f,"
        " i % 2 = 0 AS b, 'x' || i % 3 AS s, DATE '2024-01-01' + i::INT AS day FROM range(40) AS t(i)",
        40,
    ),
    "odd names": (
        """SELECT i % 5 AS "the key", TIMESTAMP '2024-01-01' + to_hours(i::INT) AS "at", i AS "sel""ect", i AS "größe",
        i % 2 = 0 AS "a.b", i AS "%s", i AS "__v", i AS "group" FROM range(40) AS t(i)""",
        5,
    ),
    "nothing but NULL": ("SELECT NULL::BIGINT AS k, NULL::TIMESTAMPTZ AS at_, NULL::DOUBLE AS v FROM range(9)", None),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLES)
def test_a_draft_can_be_applied(tmp_path: Path, case: str) -> None:
    sql, rows = TABLES[case]
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        connection.execute(f'CREATE TABLE "it\'s {case}" AS {sql}')
    url = f"duckdb:///{tmp_path / 'w.duckdb'}"
    draft = Project(url=url).profile(f'"it\'s {case}"').draft
    (tmp_path / "defs").mkdir()
    (tmp_path / "defs" / "draft.py").write_text(draft, encoding="utf-8")
    views = load_definitions(tmp_path, ["defs"]).require_sound().views
    if rows is None:
        assert "none is text or a whole number, and not NULL throughout" in draft
        return
    [view] = views.values()
    project = Project(url=url, definitions=[view])
    project.apply()
    assert not project.plan()
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        assert len(connection.execute(f"FROM features.{view.name}").fetchall()) == rows

"""What people write by hand for sums, counts and extremes over trailing windows, in DuckDB's SQL.

A plain SUM of doubles: its last digits differ with the order of the rows, and differences of running sums lose what is
small beside what came before. Ours are exact (docs/performance.md, "Sums of floats").
"""

from __future__ import annotations

from collections.abc import Sequence

POINTS = "points AS (SELECT DISTINCT key, event_timestamp FROM spine)"


def range_join(functions: Sequence[str], column: str, days: Sequence[int]) -> str:
    """Each point joined to the rows of its longest window."""
    inside = "FILTER (WHERE e.happened > p.event_timestamp - INTERVAL '{} hours')"
    columns = ", ".join(f"{f}(e.{column}) {inside.format(24 * d)} AS {f}_{d}d" for f in functions for d in days)
    return f"""WITH {POINTS} SELECT p.key, p.event_timestamp, {columns}
        FROM points p LEFT JOIN events e ON e.key = p.key
        AND e.happened <= p.event_timestamp AND e.happened > p.event_timestamp - INTERVAL '{24 * max(days)} hours'
        GROUP BY p.key, p.event_timestamp"""


def frames(functions: Sequence[str], column: str, days: Sequence[int]) -> str:
    """Points and rows on one line, and a window frame for each length."""
    columns = ", ".join(f"{f}({column}) OVER last_{d}d AS {f}_{d}d" for f in functions for d in days)
    windows = ", ".join(
        f"last_{d}d AS (PARTITION BY key ORDER BY happened RANGE BETWEEN INTERVAL '{86400 * d - 0.000001:.6f} seconds' "
        "PRECEDING AND CURRENT ROW)"
        for d in days
    )
    return f"""WITH {POINTS}, line AS (SELECT key, happened, {column}, false AS asks FROM events UNION ALL
        SELECT key, event_timestamp, NULL, true FROM points),
        framed AS (SELECT key, happened, asks, {columns} FROM line WINDOW {windows}) SELECT * FROM framed WHERE asks"""


def prefix_sums(functions: Sequence[str], column: str, days: Sequence[int]) -> str:
    """Running sums, and two ASOF joins for each window; for sums and counts."""
    running = ", ".join(f"{f}({column}) OVER so_far AS {f}" for f in functions)
    joins = " ".join(
        f"ASOF LEFT JOIN running r{d} ON r{d}.key = p.key "
        f"AND r{d}.happened <= p.event_timestamp - INTERVAL '{24 * d} hours'"
        for d in (0, *days)
    )
    columns = ", ".join(f"coalesce(r0.{f}, 0) - coalesce(r{d}.{f}, 0) AS {f}_{d}d" for f in functions for d in days)
    return f"""WITH {POINTS}, running AS MATERIALIZED (SELECT key, happened, {running} FROM events
        WINDOW so_far AS (PARTITION BY key ORDER BY happened))
        SELECT p.key, p.event_timestamp, {columns} FROM points p {joins}"""


BY_HAND = {"range join": range_join, "window frames": frames, "prefix sums + ASOF": prefix_sums}

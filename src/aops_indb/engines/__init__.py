"""Warehouses that SQL runs on. To add one: a file beside this that meets `Engine`, and a line in ENGINES."""

from __future__ import annotations

from pathlib import Path

from aops_indb.engines.base import Engine, RelationKind, Row, Session
from aops_indb.engines.duckdb import DuckDBEngine
from aops_indb.engines.postgres_engine import PostgresEngine
from aops_indb.errors import SettingsError

# URL scheme -> engine
ENGINES: dict[str, type[Engine]] = {"duckdb": DuckDBEngine, "postgresql": PostgresEngine}


def engine_for(url: str, *, base: Path | None = None, wait: float = 5.0) -> Engine:
    """The engine a URL names, as SQLAlchemy writes URLs. Nothing is opened yet.

    base: folder that relative paths start from; default the current one
    wait: seconds to wait while another process holds the warehouse

    Raises SettingsError for a URL that names no engine.

    >>> engine = engine_for("duckdb:///:memory:")
    >>> from aops_indb.sqlgen.build import lit
    >>> from aops_indb.sqlgen.statements import select
    >>> with engine.session() as session:
    ...     session.scalar(select({"answer": lit(42)}))
    42
    """
    scheme, separator, _ = url.partition("://")
    if not separator:
        raise SettingsError(f"warehouse url {url!r} is not a URL: a DuckDB file is written duckdb:///{url}")
    try:
        engine = ENGINES[scheme]
    except KeyError:
        known = ", ".join(sorted(ENGINES))
        raise SettingsError(
            f"warehouse url begins with {scheme!r}, which no engine answers to: known are {known}"
        ) from None
    return engine(url, base=base or Path.cwd(), wait=wait)


__all__ = ["ENGINES", "DuckDBEngine", "Engine", "PostgresEngine", "RelationKind", "Row", "Session", "engine_for"]

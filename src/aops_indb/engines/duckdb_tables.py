"""Tables of scores in DuckDB: by SQL, or by a function that DuckDB calls with batches of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from uuid import uuid4

from aops_indb.engines.duckdb import DuckDBEngine
from aops_indb.engines.duckdb_session import DuckDBSession
from aops_indb.engines.functions import call_function, function_name
from aops_indb.engines.tables import Batches, InputKind, next_step, read_as, refuse_view
from aops_indb.errors import QueryError
from aops_indb.sqlgen.build import anonymous, col, star
from aops_indb.sqlgen.dialects.duckdb import DUCKDB
from aops_indb.sqlgen.statements import (
    Query,
    Table,
    comment,
    create_table_as,
    create_temporary_table_as,
    delete,
    drop,
    insert,
    parse_table,
    select,
    table,
    table_function,
)

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

    from aops_indb.engines.base import Session
    from aops_indb.sqlgen.build import Expr

_NUMBERS = (
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
    *("UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL"),
)


class DuckDBTables:
    """The tables that a session sees, as `tables.Tables`."""

    dialect = DUCKDB
    kinds: ClassVar[Mapping[str, InputKind]] = {
        **dict.fromkeys(_NUMBERS, "number"),
        "BOOLEAN": "boolean",
        "VARCHAR": "text",
        "ENUM": "text",
        '"NULL"': "number",
    }

    def __init__(self, session: Session) -> None:
        self._session = session

    def columns(self, query: Query) -> dict[str, str]:
        """As Tables has it."""
        return self._session.columns(query)

    def arrow(self, query: Query) -> pa.Table:
        """As Tables has it."""
        return self._session.arrow(query)

    def keep(self, target: str, query: Query, *, note: str, replace: bool) -> int:
        """As Tables has it."""
        session, into = self._session, parse_table(target)
        # looked up before: what fails in a transaction ends it
        if self._is_view(into):
            raise refuse_view(target)
        present = self._present(into)
        with session.transaction():
            step = next_step(target, present, session.columns(query.copy()), replace=replace)
            # before anything is taken away: the query may read the table that is filled
            stage = f"aops_scored_{uuid4().hex}"
            written = session.execute(create_temporary_table_as(stage, query))
            staged = select([star()], table(stage))
            if step == "make anew":
                session.execute(drop("TABLE", into.copy()))
            if step == "fill":
                session.execute(delete(into.copy(), []))
                session.execute(insert(into.copy(), staged))
            else:
                session.execute(create_table_as(into.copy(), staged))
            session.execute(drop("TABLE", table(stage)))
            session.execute(comment("TABLE", into, note))
        return written

    def keep_batches(self, target: str, batches: Batches, *, note: str, replace: bool) -> int:
        """As Tables has it."""
        name = function_name()
        query = call_function(
            self._session,
            name,
            batches.function,
            batches.rows,
            keys=batches.keys,
            takes={column: read_as(column, kind) for column, kind in batches.inputs.items()},
            types={column: "VARCHAR" if kind == "text" else "DOUBLE" for column, kind in batches.inputs.items()},
            gives=batches.outputs,
        )
        try:
            return self.keep(target, query, note=note, replace=replace)
        finally:
            self._forget(name)

    def _forget(self, name: str) -> None:
        """Take a function away: a connection that is not ours would keep the model."""
        import duckdb

        # in a transaction of somebody's that has failed, nothing can be done
        with suppress(duckdb.Error):
            self._session.native.remove_function(name)

    def _is_view(self, target: Table) -> bool:
        """Whether a name is that of a view, temporary ones and registered relations included."""
        parts = tuple(part.name.lower() for part in target.parts)
        asked: list[Expr] = [col("database_name"), col("schema_name"), col("view_name")]
        asked += [anonymous("current_database"), anonymous("current_schema")]
        for row in self._session.rows(select(asked, table_function("duckdb_views", "main"))):
            database, schema, name, here, now = (str(part).lower() for part in row)
            known: set[tuple[str, ...]] = {(database, schema, name)}
            known |= {(schema, name)} if database in (here, "temp") else set()
            known |= {(database, name)} if schema == "main" else set()
            known |= {(name,)} if database == "temp" or (database, schema) == (here, now) else set()
            if parts in known:
                return True
        return False

    def _present(self, target: Table) -> dict[str, str] | None:
        """The columns of a table, None if it is not there."""
        try:
            return self._session.columns(target.copy())
        except QueryError:
            return None


class BorrowedSession(DuckDBSession):
    """A session on somebody's own connection, whose tables and settings it sees, and which it leaves open."""

    def __init__(self, native: DuckDBPyConnection) -> None:
        super().__init__(native, nullcontext)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that runs inside happens at the end of the block, or not at all."""
        with self._running("BEGIN"):
            self.native.begin()
        try:
            yield
        except BaseException:
            self.native.rollback()
            raise
        with self._running("COMMIT"):
            self.native.commit()


@contextmanager
def tables_of_url(url: str) -> Iterator[DuckDBTables]:
    """The tables of a database, open during the block."""
    with DuckDBEngine(url, base=Path.cwd(), wait=5.0).session() as session:
        yield DuckDBTables(session)


@contextmanager
def tables_of_connection(native: DuckDBPyConnection) -> Iterator[DuckDBTables]:
    """The tables that a connection sees; it must not be in a transaction."""
    yield DuckDBTables(BorrowedSession(native))

"""A session on DuckDB: sqlgen trees on its own connection, SQLAlchemy Core statements on the same."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aops_indb.engines.base import RelationKind, Row
from aops_indb.errors import AopsError, QueryError
from aops_indb.sqlgen import build
from aops_indb.sqlgen import statements as sql
from aops_indb.sqlgen.dialects.duckdb import DUCKDB
from aops_indb.sqlgen.plans import explain_as_json
from aops_indb.sqlgen.render import render

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection
    from sqlalchemy import Connection
    from sqlalchemy.engine.interfaces import ExceptionContext

    from aops_indb.sqlgen.build import Expr

# What DuckDB raises a Ctrl-C during a query as: a plain RuntimeError of these words.
_INTERRUPTED = "Query interrupted"

# The column under which DuckDB returns how many rows a statement wrote.
_COUNT = "Count"

# Seconds between two reports of progress.
_REPORT_EVERY = 0.2


@dataclass(frozen=True, slots=True)
class _Catalogue:
    """A catalogue function of DuckDB: its columns of the name, the kind and the SQL; what the kinds are called."""

    name: str
    kind: Expr
    text: str
    kinds: Mapping[str, RelationKind]


_CATALOGUES: dict[str, _Catalogue] = {
    "duckdb_tables": _Catalogue("table_name", build.lit("table"), "sql", {"table": "TABLE"}),
    "duckdb_views": _Catalogue("view_name", build.lit("view"), "sql", {"view": "VIEW"}),
    "duckdb_functions": _Catalogue(
        "function_name",
        build.col("function_type"),
        "macro_definition",
        {"macro": "MACRO", "table_macro": "MACRO TABLE"},
    ),
}


class DuckDBSession:
    """What `DuckDBEngine.session()` hands out; see `base.Session`."""

    def __init__(self, native: DuckDBPyConnection, turn: Callable[[], AbstractContextManager[None]]) -> None:
        self.native = native
        self._turn = turn
        self._connection: Connection | None = None
        self._reader: pa.RecordBatchReader | None = None
        self._known: dict[str, dict[str, Any]] | None = None
        self.in_transaction = False
        # what went wrong in the current transaction: DuckDB then commits nothing, and says nothing
        self._failure: QueryError | None = None

    # ── statements ─────────────────────────────────────────────────────────────────────────────────────

    def execute(self, tree: Expr) -> int:
        """Run a statement; the number of rows it wrote, 0 if it writes none."""
        text = render(tree, DUCKDB)
        with self._running(text):
            result = self.native.execute(text)
            # read to the end, or DuckDB takes no further statement
            written = result.fetchall()
            counted = result.description[0][0] == _COUNT
        return int(written[0][0]) if counted and written else 0

    def execute_with_progress(self, tree: Expr, report: Callable[[float], None]) -> int:
        """As `execute`; `report` is called now and then, from another thread, with the fraction done (0..1).

        The fraction never falls. Ctrl-C ends the statement. An exception of `report` is raised at the end.
        """
        watch = _Progress(self.native, report)
        with watch:
            written = self.execute(tree)
        watch.finish()
        return written

    def rows(self, tree: Expr) -> list[Row]:
        """All rows of a query."""
        return self._fetched(render(tree, DUCKDB))

    def _fetched(self, text: str) -> list[Row]:
        with self._running(text):
            return self.native.execute(text).fetchall()

    def scalar(self, tree: Expr) -> Any:
        """The first column of the first row; None if there is no row."""
        rows = self.rows(tree)
        return rows[0][0] if rows else None

    def arrow(self, tree: Expr) -> pa.Table:
        """All rows of a query as an Arrow table."""
        text = render(tree, DUCKDB)
        with self._running(text):
            return self.native.sql(text).to_arrow_table()

    def arrow_batches(self, tree: Expr, *, rows: int = 100_000) -> Iterator[pa.RecordBatch]:
        """The rows of a query, about so many at a time. Nothing else can run on the session meanwhile."""
        text = render(tree, DUCKDB)
        with self._running(text):
            self._reader = self.native.sql(text).to_arrow_reader(rows)
            reader = self._reader
        try:
            while True:
                with self._running(text):
                    batch = next(reader, None)
                if batch is None:
                    return
                yield batch
        finally:
            reader.close()

    def run_script(self, script: str) -> None:
        """Run the statements of a SQL file."""
        with self._running(script):
            self.native.execute(script).fetchall()

    # ── relations ──────────────────────────────────────────────────────────────────────────────────────

    def columns(self, relation: Expr) -> dict[str, str]:
        """Column name -> SQL type, in order, of a table, a view or a query that is not run for it."""
        query = relation if isinstance(relation, sql.Query) else sql.select([build.star()], relation)
        text = render(sql.describe(query), DUCKDB)
        return dict(self._asked(text, lambda: {name: sql_type for name, sql_type, *_ in self._fetched(text)}))

    def described(self, query: sql.Query) -> list[tuple[str, str]]:
        """Name and SQL type of each column of a query that is not run for it, in order; two may have one name."""
        return [(name, sql_type) for name, sql_type, *_ in self.rows(sql.describe(query))]

    def expected_rows(self, query: sql.Query) -> float | None:
        """How many rows DuckDB expects of a query; None if it does not say."""

        def operators(nodes: list[dict[str, Any]]) -> Iterator[float]:
            for node in nodes:
                yield float(node["extra_info"].get("Estimated Cardinality") or 0)
                yield from operators(node["children"])

        try:
            [(_, text, *_)] = self.rows(explain_as_json(query))
        except QueryError:
            return None
        return next((rows for rows in operators(json.loads(text)) if rows), None)

    @contextmanager
    def unchanging(self) -> Iterator[None]:
        """Inside, nothing is changed: what columns and relations were asked for once is remembered."""
        self._known = {}
        try:
            yield
        finally:
            self._known = None

    def _asked(self, question: str, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """What was answered to a question before; else what is answered now."""
        if self._known is None:
            return ask()
        if question not in self._known:
            self._known[question] = ask()
        return self._known[question]

    def relations(self, schema: str) -> dict[str, RelationKind]:
        """Name -> kind of what a schema holds; kinds as `sqlgen.statements.drop` takes them."""
        return {name: kind for name, kind, _ in self._catalogued(schema)}

    def texts(self, schema: str) -> dict[str, str]:
        """Name -> the SQL that DuckDB keeps of each view and macro of a schema."""
        return {name: text for name, kind, text in self._catalogued(schema) if kind != "TABLE"}

    def _catalogued(self, schema: str) -> list[tuple[str, RelationKind, str]]:
        """Name, kind and SQL of what a schema holds."""
        found: list[tuple[str, RelationKind, str]] = self._asked("", self._catalogue).get(schema.lower(), [])
        return found

    def _catalogue(self) -> dict[str, list[tuple[str, RelationKind, str]]]:
        """What every schema holds: DuckDB goes through all of it for one, too."""
        found: dict[str, list[tuple[str, RelationKind, str]]] = {}
        for function, columns in _CATALOGUES.items():
            here = [
                build.eq(build.col("database_name"), build.anonymous("current_database")),
                build.in_(columns.kind.copy(), [build.lit(known) for known in columns.kinds]),
            ]
            asked = [build.col("schema_name"), build.col(columns.name), columns.kind.copy(), build.col(columns.text)]
            for schema, name, kind, text in self.rows(
                sql.select(asked, sql.table_function(function, "main"), where=here)
            ):
                # a schema that was there may be written in other case
                found.setdefault(schema.lower(), []).append((name, columns.kinds[kind], text))
        return found

    def may_replace(self, create: sql.Statement) -> bool:  # noqa: ARG002 (as Session has it)
        """Always: nothing of DuckDB's hangs on a view's columns."""
        return True

    def depends_on_settings(self, value: Expr, relation: Expr) -> bool:  # noqa: ARG002 (as Session has it)
        """DuckDB does not say so of anything."""
        return False

    def register(self, name: str, table: pa.Table) -> None:
        """Make an Arrow table readable as a relation of that name, for this session alone."""
        with self._running(""):
            self.native.register(name, table)

    def unregister(self, name: str) -> None:
        """Take a registered name away again."""
        with self._running(""):
            self.native.unregister(name)

    def register_function(
        self, name: str, function: Callable[[pa.Table], pa.Table], takes: Mapping[str, str], gives: Mapping[str, str]
    ) -> None:
        """Make a function from one struct to another callable in SQL by that name, for this session alone.

        function:     is given some rows of the struct as a table, and gives as many
        takes, gives: names and SQL types of the structs' fields
        """
        import pyarrow as pa

        def called(rows):  # type: ignore[no-untyped-def]
            result = function(pa.Table.from_struct_array(rows))
            fields = [column.combine_chunks() for column in result.itercolumns()]
            return pa.StructArray.from_arrays(fields, names=result.column_names)

        options: dict[str, Any] = {"type": "arrow", "null_handling": "special"}
        given, returned = self.native.struct_type(dict(takes)), self.native.struct_type(dict(gives))
        with self._running(""):
            self.native.create_function(name, called, [given], returned, **options)

    # ── transactions ───────────────────────────────────────────────────────────────────────────────────

    @property
    def connection(self) -> Connection:
        """The SQLAlchemy connection, on the same DuckDB connection."""
        if self._connection is None:
            self._connection = self._connect_core()
        return self._connection

    def _connect_core(self) -> Connection:
        import sqlalchemy
        from duckdb_engine import ConnectionWrapper

        core = sqlalchemy.create_engine(
            "duckdb://", creator=lambda: ConnectionWrapper(self.native), poolclass=sqlalchemy.pool.NullPool
        )
        sqlalchemy.event.listen(core, "handle_error", self._on_core_error)
        return core.connect()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that runs inside happens at the end of the block, or not at all, whatever exception ends it.

        A statement that failed ends a transaction even if its error was caught: then QueryError is raised at
        the end of the block, where DuckDB itself would go on in silence. Transactions do not nest.
        """
        if self.in_transaction:
            raise AopsError("a transaction is open in this session already: run the statements in that one")
        self.settle()
        with self._turn(), self.connection.begin():
            self.in_transaction, self._failure = True, None
            try:
                yield
            finally:
                self.in_transaction = False
                self._close_reader()
            if self._failure is not None:
                raise QueryError(f"nothing was changed, since a statement had failed: {self._failure}")

    def settle(self) -> None:
        """Outside `transaction()`: commit what SQLAlchemy began by itself, so that nothing of it is lost."""
        if not self.in_transaction and self._connection is not None and self._connection.in_transaction():
            self._connection.commit()

    def close(self) -> None:
        """Give the connection back; what was not committed is rolled back."""
        self._close_reader()
        if self._connection is not None:
            self._connection.close()
        self.native.close()

    def _close_reader(self) -> None:
        # an open reader lets no other statement run, ROLLBACK included
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    # ── errors ─────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _running(self, text: str) -> Iterator[None]:
        self.settle()
        try:
            yield
        except Exception as error:
            replacement = self._replacement(error, text)
            if replacement is None:
                raise
            raise replacement from error

    def _on_core_error(self, context: ExceptionContext) -> BaseException | None:
        return self._replacement(context.original_exception, context.statement or "")

    def _replacement(self, error: BaseException, text: str) -> BaseException | None:
        """What to raise in place of an error of DuckDB's; None for any other error."""
        import duckdb

        if isinstance(error, RuntimeError) and str(error) == _INTERRUPTED:
            self._failure = QueryError(_INTERRUPTED, sql=text)
            return KeyboardInterrupt()
        if isinstance(error, duckdb.Error):
            self._failure = QueryError(str(error), sql=text)
            return self._failure
        return None


class _Progress:
    """Reports a running statement's progress from a thread of its own."""

    def __init__(self, native: DuckDBPyConnection, report: Callable[[float], None]) -> None:
        self._native, self._report = native, report
        self._done = 0.0
        self._ended = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._watch, name="aops-progress", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def finish(self) -> None:
        """Report the end; raise what a report raised."""
        if self._error is not None:
            raise self._error
        self._report(1.0)

    def _watch(self) -> None:
        try:
            while not self._ended.wait(_REPORT_EVERY):
                # percent; negative while DuckDB does not know
                self._done = max(self._done, min(self._native.query_progress() / 100, 1.0))
                self._report(self._done)
        except Exception as error:
            self._error = error

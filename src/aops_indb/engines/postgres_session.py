"""A session on PostgreSQL: sqlgen trees by psycopg, SQLAlchemy Core statements on the same connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from aops_indb.engines import postgres_catalogue as catalogue
from aops_indb.engines.base import RelationKind, Row
from aops_indb.engines.postgres_types import arrow_of, known_type, sql_type_of, stored_as
from aops_indb.errors import AopsError, QueryError, WarehouseLockedError
from aops_indb.sqlgen.build import anonymous, cast, is_not_null, lit, star
from aops_indb.sqlgen.dialects.postgres import POSTGRES
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.scripts import parse_script
from aops_indb.sqlgen.statements import (
    Query,
    Statement,
    create_temporary_table_as,
    drop,
    index_where,
    macro_signature,
    made_by,
    select,
    table,
)

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy import Connection

    from aops_indb.sqlgen.build import Expr

# The advisory lock of a database that whoever changes something holds: the first 63 bits of SHA-256 of "aops-indb".
TURN = 0x3D6314734E2D4E8C

# A table without rows, of which there is one at a time.
_SHAPE = "aops_shape"


class PostgresSession:
    """What `PostgresEngine.session()` hands out; see `base.Session`.

    The connection is in autocommit mode, SQLAlchemy's as well: outside `transaction()` each statement stands alone.
    """

    def __init__(self, connection: Connection, wait: float) -> None:
        self.connection = connection
        self.native: Any = connection.connection.driver_connection
        self._wait = wait
        self._known: dict[str, Any] | None = None
        self._types: dict[tuple[int, int], str] = {}
        self.in_transaction = False
        # what went wrong in the current transaction: PostgreSQL would roll back at COMMIT, and say nothing
        self._failure: QueryError | WarehouseLockedError | None = None

    # ── statements ─────────────────────────────────────────────────────────────────────────────────────

    def execute(self, tree: Expr) -> int:
        """Run a statement; the number of rows it wrote, 0 if it writes none."""
        with self._ran(render(tree, POSTGRES)) as cursor:
            return 0 if cursor.description is not None else max(cursor.rowcount, 0)

    def execute_with_progress(self, tree: Expr, report: Callable[[float], None]) -> int:
        """As `execute`; PostgreSQL does not say how far it is: `report` is told the end alone."""
        written = self.execute(tree)
        report(1.0)
        return written

    def rows(self, tree: Expr) -> list[Row]:
        """All rows of a query."""
        with self._ran(render(tree, POSTGRES)) as cursor:
            found: list[Row] = cursor.fetchall()
            return found

    def scalar(self, tree: Expr) -> Any:
        """The first column of the first row; None if there is no row."""
        rows = self.rows(tree)
        return rows[0][0] if rows else None

    def arrow(self, tree: Expr) -> pa.Table:
        """All rows of a query as an Arrow table."""
        with self._ran(render(tree, POSTGRES)) as cursor:
            described, rows = _described(cursor.pgresult), cursor.fetchall()
        types = self._type_names([kind for _, kind in described])
        return arrow_of([name for name, _ in described], types, rows)

    def arrow_batches(self, tree: Expr, *, rows: int = 100_000) -> Iterator[pa.RecordBatch]:
        """The rows of a query, about so many at a time. Nothing else can run on the session meanwhile."""
        yield from self.arrow(tree).to_batches(max_chunksize=rows)

    def run_script(self, script: str) -> None:
        """Run the statements of a SQL file, which is in DuckDB's SQL, in PostgreSQL's."""
        texts = [render(tree, POSTGRES) for tree in parse_script(script)]
        with self._ran(";\n".join(texts)):
            pass

    @contextmanager
    def _ran(self, text: str) -> Iterator[Any]:
        """A cursor that has run a statement."""
        with self._running(text), self.native.cursor() as cursor:
            # without parameters psycopg leaves % alone
            cursor.execute(text.encode())
            yield cursor

    # ── relations ──────────────────────────────────────────────────────────────────────────────────────

    def described(self, query: Query) -> list[tuple[str, str]]:
        """Name and SQL type of each column of a query that is not run for it, in order."""
        found = self._columns_of(query)
        types = self._type_names([kind for _, kind in found])
        return [(name, sql_type) for (name, _), sql_type in zip(found, types, strict=True)]

    def _columns_of(self, query: Query) -> list[tuple[str, tuple[int, int]]]:
        """Name, and number and modifier of the type, of each column of a query that is not run for it."""
        text = render(query, POSTGRES)
        connection = self.native.pgconn
        with self._running(text):
            _require_done(connection.prepare(b"", text.encode()))
            result = connection.describe_prepared(b"")
            _require_done(result)
        return _described(result)

    def columns(self, relation: Expr) -> dict[str, str]:
        """Column name -> SQL type, in order, of a table, a view or a query that is not run for it."""
        query = relation if isinstance(relation, Query) else select([star()], relation)
        return dict(self._asked(render(query, POSTGRES), lambda: dict(self.described(query))))

    def _type_names(self, types: list[tuple[int, int]]) -> list[str]:
        """What types are called here, by their number and modifier."""
        unknown = list(dict.fromkeys(kind for kind in types if kind not in self._types))
        if unknown:
            [written] = self.rows(catalogue.types_query(unknown))
            self._types |= dict(zip(unknown, map(known_type, written), strict=True))
        return [self._types[kind] for kind in types]

    def expected_rows(self, query: Query) -> float | None:  # noqa: ARG002 (as Session has it)
        """None: what windows take by each algorithm was measured on DuckDB alone."""
        return None

    @contextmanager
    def unchanging(self) -> Iterator[None]:
        """Inside, nothing is changed: what columns and relations were asked for once is remembered."""
        self._known = {}
        try:
            yield
        finally:
            self._known = None

    def _asked(self, question: str, ask: Callable[[], Any]) -> Any:
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
        """Name -> the SQL that PostgreSQL keeps of each view and function of a schema."""
        return {name: text for name, kind, text in self._catalogued(schema) if kind != "TABLE"}

    def _catalogued(self, schema: str) -> list[tuple[str, RelationKind, str]]:
        found: list[tuple[str, RelationKind, str]] = self._asked("", self._catalogue).get(schema, [])
        return found

    def _catalogue(self) -> dict[str, list[tuple[str, RelationKind, str]]]:
        """What every schema holds; functions first, whose names may be those of relations as well."""
        found: dict[str, list[tuple[str, RelationKind, str]]] = {}
        for schema, name, returns_set, text in self.rows(catalogue.functions_query()):
            found.setdefault(schema, []).append((name, catalogue.KINDS_OF_FUNCTIONS[returns_set], text))
        for schema, name, kind, text in self.rows(catalogue.relations_query()):
            found.setdefault(schema, []).append((name, catalogue.KINDS_OF_RELATIONS[kind], text or ""))
        return found

    def may_replace(self, create: Statement) -> bool:
        """Whether a view keeps all its columns first, in their order and of their types; a function its parameters."""
        signature = macro_signature(create)
        if signature is None:
            view = select([star()], made_by(create).copy())
            before, after = self._columns_of(view), self._columns_of(create.expression.copy())
            return after[: len(before)] == before
        taken = [f"{name} {stored_as(kind)}" for name, kind in signature.parameters.items()]
        return self.rows(catalogue.parameters_query(made_by(create))) == [(", ".join(taken),)]

    def depends_on_settings(self, value: Expr, relation: Expr) -> bool:
        """Whether PostgreSQL does not take an expression for IMMUTABLE, and so would have no index on it."""
        import psycopg

        shape = create_temporary_table_as(_SHAPE, select([star()], relation, limit=0))
        text = render(index_where(_SHAPE, is_not_null(value)), POSTGRES)
        try:
            # of itself, whatever transaction is open: nothing of it stays
            with self.native.transaction(force_rollback=True):
                self.native.execute(render(shape, POSTGRES).encode())
                self.native.execute(text.encode())
        except psycopg.errors.InvalidObjectDefinition:
            return True
        except psycopg.Error as error:
            raise QueryError(_words(error), sql=text) from error
        return False

    def register(self, name: str, table_given: pa.Table) -> None:
        """Make an Arrow table readable as a relation of that name, for this session alone: a temporary table."""
        from psycopg import sql

        types = {column.name: sql_type_of(column.name, column.type) for column in table_given.schema}
        empty = select({column: cast(lit(None), kind) for column, kind in types.items()}, limit=0)
        self.execute(create_temporary_table_as(name, empty))
        text = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier("pg_temp", name))
        columns = [column.to_pylist() for column in table_given.columns]
        with self._running("COPY"), self.native.cursor() as cursor, cursor.copy(text) as copy:
            for row in zip(*columns, strict=True):
                copy.write_row(row)

    def unregister(self, name: str) -> None:
        """Take a registered name away again; after an error the transaction does, as it ends."""
        if not (self.in_transaction and self._failure is not None):
            self.execute(drop("TABLE", table(name, "pg_temp")))

    def register_function(
        self,
        name: str,  # noqa: ARG002 (as Session has it)
        function: Callable[[pa.Table], pa.Table],  # noqa: ARG002
        takes: Mapping[str, str],  # noqa: ARG002
        gives: Mapping[str, str],  # noqa: ARG002
    ) -> None:
        """Not in PostgreSQL, which calls no function of another process."""
        raise AopsError(
            "PostgreSQL cannot call a model's own library: take executor='sql', or score a table of rows with  "
            "aops_indb.score_table(…)"
        )

    # ── transactions ───────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that runs inside happens at the end of the block, or not at all, whatever exception ends it.

        Whoever changes something takes turns, in other processes too; what others write meanwhile is not seen.
        A statement that failed ends a transaction even if its error was caught. Transactions do not nest.
        """
        import psycopg

        if self.in_transaction:
            raise AopsError("a transaction is open in this session already: run the statements in that one")
        # the turn comes first, or the transaction would not see what the one before it has written
        with self._turn():
            try:
                with self.native.transaction():
                    self.in_transaction, self._failure = True, None
                    try:
                        yield
                    finally:
                        self.in_transaction = False
                    if self._failure is not None:
                        raise QueryError(f"nothing was changed, since a statement had failed: {self._failure}")
            except psycopg.Error as error:
                raise self.replacement(error, "COMMIT") from error

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """The warehouse to oneself among those who change it through aops; WarehouseLockedError if it is not free."""
        import psycopg

        try:
            self.native.execute(render(select([anonymous("PG_ADVISORY_LOCK", lit(TURN))]), POSTGRES).encode())
        except psycopg.errors.LockNotAvailable as error:
            raise WarehouseLockedError(self._name_holder()) from error
        try:
            yield
        finally:
            # a connection that is gone has given it back
            with suppress(psycopg.Error):
                self.native.execute(render(select([anonymous("PG_ADVISORY_UNLOCK", lit(TURN))]), POSTGRES).encode())

    def _name_holder(self) -> str:
        holders = self.rows(catalogue.holder_query(TURN))
        told = [
            f"process {pid} of user {who}{f' ({what})' if what else ''}{f' at {where}' if where else ''}"
            for pid, who, what, where in holders
        ]
        held = f"held by {told[0]}" if told else "held by another process"
        step = f"end it with  SELECT pg_terminate_backend({holders[0][0]})" if holders else "try again"
        return f"the warehouse is {held}, still so after {self._wait:g} s; wait for its transaction to end, or {step}"

    def close(self) -> None:
        """Give the connection back; what was not committed is rolled back."""
        self.connection.close()

    # ── errors ─────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def _running(self, text: str) -> Iterator[None]:
        import psycopg

        try:
            yield
        except psycopg.Error as error:
            raise self.replacement(error, text) from error

    def replacement(self, error: Exception, text: str) -> AopsError:
        """What to raise in place of an error of psycopg's."""
        import psycopg

        if isinstance(error, psycopg.errors.LockNotAvailable):
            self._failure = WarehouseLockedError(
                f"somebody reads or writes what is to be changed, still so after {self._wait:g} s: {_words(error)}; "
                "try again when their query has ended, or see who it is in pg_stat_activity"
            )
        else:
            self._failure = QueryError(_words(error), sql=text)
        return self._failure


def _words(error: Exception) -> str:
    """What PostgreSQL says of an error, without the place in a statement that nobody wrote."""
    diagnosis = getattr(error, "diag", None)
    parts = [getattr(diagnosis, part, None) for part in ("message_primary", "message_detail", "message_hint")]
    return "; ".join(part for part in parts if part) or str(error)


def _described(result: Any) -> list[tuple[str, tuple[int, int]]]:
    """Name, and number and modifier of the type, of each column of a result."""
    return [
        (result.fname(place).decode(), (result.ftype(place), result.fmod(place))) for place in range(result.nfields)
    ]


def _require_done(result: Any) -> None:
    """Raise what the server said against a statement that libpq ran."""
    import psycopg

    if result.status not in (psycopg.pq.ExecStatus.COMMAND_OK, psycopg.pq.ExecStatus.TUPLES_OK):
        raise psycopg.errors.error_from_result(result)

"""Tables of scores in PostgreSQL: by SQL, or streamed out and in as Arrow by COPY in its binary form.

A query is read on one connection while what it scores is written on another; both see what was committed before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from aops_indb.engines.tables import Batches, InputKind, Step, next_step, read_as, refuse_view
from aops_indb.errors import MissingExtraError, QueryError, WarehouseError
from aops_indb.sqlgen.build import Expr, anonymous, cast, cast_as_written, col, eq, gt, lit, not_, star
from aops_indb.sqlgen.dialects.postgres import POSTGRES
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import (
    Query,
    Table,
    comment,
    create_table_as,
    create_temporary_table_as,
    delete,
    drop,
    insert,
    lock_for_writing,
    parse_table,
    select,
    set_option,
    subquery,
    table,
)

if TYPE_CHECKING:
    import pyarrow as pa

# Key columns of these types travel as what they are; others as text, which every type of PostgreSQL can be read from.
_TRAVELS = ("smallint", "integer", "bigint", "boolean", "double precision", "text")
# Where tables are that last as long as the connection.
_TEMPORARY = "pg_temp"


class PostgresTables:
    """A database, as `tables.Tables`."""

    dialect = POSTGRES
    kinds: ClassVar[Mapping[str, InputKind]] = {
        **dict.fromkeys(("smallint", "integer", "bigint", "numeric", "real", "double precision"), "number"),
        "boolean": "boolean",
        **dict.fromkeys(("text", "character varying", "character", "name", '"char"'), "text"),
    }

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection = connect(url)
        # names that nobody else has
        self._shape, self._stage = (f"aops_{what}_{uuid4().hex}" for what in ("shape", "scored"))

    # ── questions ──────────────────────────────────────────────────────────────────────────────────────

    def columns(self, query: Query) -> dict[str, str]:
        """As Tables has it."""
        with closing(self._connection.cursor()) as cursor:
            _run(cursor, drop("TABLE", table(self._shape, _TEMPORARY)))
            empty = select([star()], subquery(query.copy(), "rows"), limit=0)
            _run(cursor, create_temporary_table_as(self._shape, empty))
            return _columns(cursor, table(self._shape, _TEMPORARY))

    def arrow(self, query: Query) -> pa.Table:
        """As Tables has it."""
        with closing(self._connection.cursor()) as cursor:
            _run(cursor, query)
            return cursor.fetch_arrow_table()

    # ── scores ─────────────────────────────────────────────────────────────────────────────────────────

    def keep(self, target: str, query: Query, *, note: str, replace: bool) -> int:
        """As Tables has it."""
        with self._transaction() as cursor:
            types = self.columns(query)
            self._step(cursor, target, types, replace)
            _run(cursor, create_temporary_table_as(self._stage, query))
            return self._filled(cursor, target, types, select([star()], table(self._stage, _TEMPORARY)), note, replace)

    def keep_batches(self, target: str, batches: Batches, *, note: str, replace: bool) -> int:
        """As Tables has it."""
        keys = {key: col(key) for key in batches.keys}
        # labels that are constants of a query are TEXT
        kinds = {name: "TEXT" if kind == "VARCHAR" else kind for name, kind in batches.outputs.items()}
        empty = {name: cast(lit(None), kind) for name, kind in kinds.items()}
        with self._transaction() as cursor:
            types = self.columns(select(keys | empty, batches.rows.copy()))
            self._step(cursor, target, types, replace)
            self._score(cursor, batches, types)
            staged: dict[str, Expr] = {key: _landed(f"k{i}", types[key]) for i, key in enumerate(batches.keys)}
            staged |= {name: col(f"y{i}") for i, name in enumerate(batches.outputs)}
            return self._filled(cursor, target, types, select(staged, table(self._stage, _TEMPORARY)), note, replace)

    def _score(self, cursor: Any, batches: Batches, types: Mapping[str, str]) -> None:
        """Score the rows into a table of this connection's own: keys k0 …, outputs y0 …."""
        import pyarrow as pa

        asked: dict[str, Expr] = {f"k{i}": _travelling(key, types[key]) for i, key in enumerate(batches.keys)}
        asked |= {f"x{i}": read_as(name, kind) for i, (name, kind) in enumerate(batches.inputs.items())}
        with closing(connect(self._url)) as other, closing(other.cursor()) as source:
            _run(source, select(asked, batches.rows.copy()))
            reader = source.fetch_record_batch()
            scored = _Scored(reader, batches)
            try:
                # an empty batch says what the columns are
                stream = pa.RecordBatchReader.from_batches(scored.schema, iter(scored))
                cursor.adbc_ingest(self._stage, stream, mode="create", temporary=True)
            except Exception as error:
                if scored.error is not None:  # which ADBC turns into text
                    raise scored.error from None
                raise _replacement(error, f"COPY {self._stage}") from error

    def _step(self, cursor: Any, target: str, types: Mapping[str, str], replace: bool) -> Step:
        """What to do about the target; RefusedError if nothing can be done."""
        into = parse_table(target)
        named = anonymous("to_regclass", lit(into.sql("postgres")))
        which = select({"kind": col("relkind")}, table("pg_class", "pg_catalog"), where=[eq(col("oid"), named)])
        kind = _rows(cursor, which)
        if kind and kind[0][0] not in ("r", "p"):
            raise refuse_view(target)
        return next_step(target, _columns(cursor, into) if kind else None, types, replace=replace)

    def _filled(
        self, cursor: Any, target: str, types: Mapping[str, str], staged: Query, note: str, replace: bool
    ) -> int:
        """Put the staged rows in the place of the target's, and a comment on it; how many rows they are.

        Only now is the target locked, and looked at again: to score the rows, it may have had to be read.
        """
        into = parse_table(target)
        step = self._step(cursor, target, types, replace)
        if step == "make anew":
            _run(cursor, drop("TABLE", into.copy()))
        if step == "fill":
            _run(cursor, lock_for_writing(into.copy()))
            _run(cursor, delete(into.copy(), []))
        else:
            _run(cursor, create_table_as(into.copy(), select([star()], table(self._shape, _TEMPORARY))))
        _run(cursor, insert(into.copy(), staged))
        written = int(cursor.rowcount)
        _run(cursor, comment("TABLE", into, note))
        return written

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with closing(self._connection.cursor()) as cursor:
            try:
                yield cursor
                self._connection.commit()
            except BaseException:
                self._connection.rollback()
                raise

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()


class _Scored:
    """Batches of scores, made as they are asked for; `error` is what went wrong, if anything did."""

    def __init__(self, reader: Any, batches: Batches) -> None:
        self._reader, self._batches = reader, batches
        self.error: BaseException | None = None
        self._keys = len(batches.keys)
        self.schema = self._scored(reader.schema.empty_table()).schema

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        try:
            for batch in self._reader:
                yield from self._scored(pa.Table.from_batches([batch])).to_batches()
        except BaseException as error:
            self.error = error
            raise

    def _scored(self, rows: pa.Table) -> pa.Table:
        import pyarrow as pa

        given = pa.table(rows.columns[self._keys :], names=list(self._batches.inputs))
        made = self._batches.function(given)
        names = [f"k{i}" for i in range(self._keys)] + [f"y{i}" for i in range(made.num_columns)]
        return pa.table([*rows.columns[: self._keys], *made.columns], names=names)


# ── statements ─────────────────────────────────────────────────────────────────────────────────────────


def connect(url: str) -> Any:
    """A connection of ADBC's; MissingExtraError without its driver, WarehouseError if there is no server."""
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError as error:
        raise MissingExtraError("adbc-driver-postgresql", extra="postgres", needed_for="PostgreSQL") from error
    try:
        connection = dbapi.connect(url)
        with closing(connection.cursor()) as cursor:
            # compiling an expression of a model's size takes longer than running it
            _run(cursor, set_option("jit", lit("off")))
        connection.commit()
    except dbapi.Error as error:
        raise WarehouseError(f"PostgreSQL cannot be reached: start it, or correct the URL: {error}") from error
    return connection


@contextmanager
def tables_of_url(url: str) -> Iterator[PostgresTables]:
    """The tables of a database, connected during the block."""
    with closing(PostgresTables(url)) as tables:
        yield tables


def _run(cursor: Any, tree: Expr) -> None:
    text = render(tree, POSTGRES)
    try:
        cursor.execute(text)
    except Exception as error:
        raise _replacement(error, text) from error


def _replacement(error: Exception, text: str) -> Exception:
    """What to raise in the place of an error of the driver's."""
    from adbc_driver_postgresql import dbapi

    if not isinstance(error, dbapi.Error):
        return error
    # the driver's words end with the whole query
    return QueryError(str(error).partition("\nQuery was:")[0], sql=text)


def _rows(cursor: Any, query: Query) -> list[tuple[Any, ...]]:
    _run(cursor, query)
    found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _columns(cursor: Any, relation: Table) -> dict[str, str]:
    """Column name -> type as PostgreSQL writes it."""
    named = cast_as_written(lit(relation.sql("postgres")), "regclass")
    kind = anonymous("format_type", col("atttypid"), col("atttypmod"))
    kept = [eq(col("attrelid"), named), gt(col("attnum"), lit(0)), not_(col("attisdropped"))]
    query = select(
        {"name": cast(col("attname"), "VARCHAR"), "type": kind},
        table("pg_attribute", "pg_catalog"),
        where=kept,
        order_by=[col("attnum")],
    )
    return dict(_rows(cursor, query))


def _travelling(key: str, sql_type: str) -> Expr:
    return col(key) if sql_type in _TRAVELS else cast(col(key), "VARCHAR")


def _landed(name: str, sql_type: str) -> Expr:
    return col(name) if sql_type in _TRAVELS else cast_as_written(col(name), sql_type)

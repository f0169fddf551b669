"""Tables of scores in Spark: by SQL, or by a function that its workers are sent, over batches in Arrow.

Spark has no transactions over several statements, and an overwritten table is emptied first. So scores are written to a
table of their own, and take the target's place once they are all there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

from aops_indb.engines.tables import Batches, BatchFunction, InputKind, next_step, read_as, refuse_view
from aops_indb.errors import QueryError
from aops_indb.sqlgen.build import Expr, cast, col, lit, star
from aops_indb.sqlgen.dialects.spark import SPARK
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import (
    Query,
    Table,
    comment,
    drop,
    in_place_of,
    insert_overwrite,
    parse_table,
    rename_to,
    select,
)

if TYPE_CHECKING:
    import pyarrow as pa


class SparkTables:
    """What a session sees, as `tables.Tables`."""

    dialect = SPARK
    kinds: ClassVar[Mapping[str, InputKind]] = {
        **dict.fromkeys(("tinyint", "smallint", "int", "bigint", "decimal", "float", "double"), "number"),
        "boolean": "boolean",
        **dict.fromkeys(("string", "varchar", "char"), "text"),
        "void": "number",
    }

    def __init__(self, session: Any) -> None:
        self._session = session

    # ── questions ──────────────────────────────────────────────────────────────────────────────────────

    def columns(self, query: Query) -> dict[str, str]:
        """As Tables has it."""
        return _types(self._run(query))

    def arrow(self, query: Query) -> pa.Table:
        """As Tables has it."""
        with _refusing(""):
            return self._run(query).toArrow()

    def _run(self, tree: Expr) -> Any:
        text = render(tree, SPARK)
        with _refusing(text):
            return self._session.sql(text)

    # ── scores ─────────────────────────────────────────────────────────────────────────────────────────

    def keep(self, target: str, query: Query, *, note: str, replace: bool) -> int:
        """As Tables has it."""
        return self._kept(target, self._run(query), note, replace)

    def keep_batches(self, target: str, batches: Batches, *, note: str, replace: bool) -> int:
        """As Tables has it."""
        # names of our own, so that a key can be an input as well
        asked: dict[str, Expr] = {f"k{i}": col(key) for i, key in enumerate(batches.keys)}
        asked |= {f"x{i}": read_as(name, kind) for i, (name, kind) in enumerate(batches.inputs.items())}
        rows = self._run(select(asked, batches.rows.copy()))
        made = {f"y{i}": cast(lit(None), sql_type) for i, sql_type in enumerate(batches.outputs.values())}
        keys = {f"k{i}": col(key) for i, key in enumerate(batches.keys)}
        schema = self._run(select(keys | made, batches.rows.copy())).schema
        function = _OverBatches(batches.function.to_travel(), len(batches.keys), tuple(batches.inputs))
        scored = rows.mapInArrow(function, schema).toDF(*batches.keys, *batches.outputs)
        return self._kept(target, scored, note, replace)

    def _kept(self, target: str, frame: Any, note: str, replace: bool) -> int:
        """Write the frame to a table of its own, and let that take the target's place."""
        into = parse_table(target)
        step = next_step(target, self._present(into, target), _types(frame), replace=replace)
        staged = in_place_of(into, f"{into.name}_{uuid4().hex}")
        name = render(staged, SPARK)
        try:
            with _refusing(f"INSERT INTO {name}"):
                frame.write.saveAsTable(name)
                written = int(self._session.table(name).count())
            self._run(comment("TABLE", staged.copy(), note))
            self._take_place(staged, into, step)
        except BaseException:
            self._run(drop("TABLE", staged.copy()))
            raise
        if step == "fill":
            self._run(drop("TABLE", staged))
            self._run(comment("TABLE", into, note))
        return written

    def _take_place(self, staged: Table, into: Table, step: str) -> None:
        if step == "fill":  # as the table is stored, and whoever may read it, stays so
            self._run(insert_overwrite(into.copy(), select([star()], staged.copy())))
            return
        if step == "make anew":
            self._run(drop("TABLE", into.copy()))
        self._run(rename_to(staged.copy(), into.copy()))

    def _present(self, target: Table, name: str) -> dict[str, str] | None:
        """The columns of a table, None if it is not there; RefusedError for a view."""
        catalog, text = self._session.catalog, render(target, SPARK)
        if not catalog.tableExists(text):
            return None
        if catalog.getTable(text).tableType in ("VIEW", "TEMPORARY"):
            raise refuse_view(name)
        return self.columns(select([star()], target.copy()))


@dataclass(frozen=True, slots=True)
class _OverBatches:
    """What a worker runs: keys are passed through, and what the function makes of the inputs is put behind them."""

    function: BatchFunction
    keys: int
    inputs: tuple[str, ...]

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        for batch in batches:
            given = pa.table(batch.columns[self.keys :], names=list(self.inputs))
            made = self.function(given).combine_chunks()
            names = [f"k{i}" for i in range(self.keys)] + [f"y{i}" for i in range(made.num_columns)]
            yield from pa.table([*batch.columns[: self.keys], *made.columns], names=names).to_batches()


@contextmanager
def tables_of_session(session: Any) -> Iterator[SparkTables]:
    """The tables that a session sees."""
    yield SparkTables(session)


def _types(frame: Any) -> dict[str, str]:
    return {field.name: field.dataType.simpleString() for field in frame.schema.fields}


@contextmanager
def _refusing(text: str) -> Iterator[None]:
    """QueryError in the place of Spark's own."""
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as error:
        raise QueryError(str(error).split("JVM stacktrace:")[0], sql=text) from error

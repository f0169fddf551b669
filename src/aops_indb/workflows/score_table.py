"""Score the rows of a warehouse into a table, by SQL or by the model itself: alike on DuckDB, PostgreSQL and Spark."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from aops_indb.engines.open_tables import tables_of
from aops_indb.engines.tables import Batches, InputKind, Tables, read_as
from aops_indb.errors import ModelError, ModelInputError, UnknownNameError
from aops_indb.scoring import choose, lower, relation_of
from aops_indb.scoring.graph import Graph, Input, walk
from aops_indb.scoring.names import column_names, require_told_apart
from aops_indb.scoring.onnx_export import compare_onnx, to_onnx
from aops_indb.scoring.translate import fitted_names, names_and_columns
from aops_indb.sqlgen.build import Expr, col, star
from aops_indb.sqlgen.statements import select, subquery
from aops_indb.workflows.executors import LIBRARY, SQL, too_large
from aops_indb.workflows.formats import graph_of
from aops_indb.workflows.shipping import InProcess, in_process
from aops_indb.workflows.training_rows import model_frame

# Rows that a model is tried on, and its ONNX is compared on with its library.
SAMPLE = 1_000


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked for: the model's columns, the rows, and what is to become of them."""

    model: Any
    inputs: tuple[str, ...]
    rows: Expr
    target: str
    keys: tuple[str, ...]
    outputs: tuple[str, ...] | None
    note: str
    replace: bool


def score_table(
    model: Any,
    *,
    warehouse: Any,
    source: str,
    target: str,
    keys: Sequence[str],
    inputs: Sequence[str] | None = None,
    executor: str | None = None,
    outputs: Sequence[str] | None = None,
    replace: bool = False,
) -> int:
    """Score the rows of `source` into the table `target`, and say how many they are.

    model:     fitted estimator or pipeline, or a booster of a library's own interface
    warehouse: a DuckDB connection, a URL (duckdb:///file.duckdb, postgresql://…), a DuckDB file, or a SparkSession
    source:    table name, or a SELECT statement
    target:    table name; it holds the scores of these rows and no others, and their comment says what made them
    keys:      columns of the source to pass through, with their types
    inputs:    column names in the model's input order; taken from feature_names_in_ when the model has them
    executor:  "sql" runs in the warehouse alone; "library" runs the model and "onnx" its ONNX, over batches of rows in
               Arrow: in this process, and on Spark in its workers, which then need this package as well; by default
               SQL, but the library for a forest so large that SQL takes many times as long
    outputs:   which output columns, in which order; all by default
    replace:   make a table anew that has other columns; otherwise that is refused

    The columns are those of `to_sql`: the keys, then `prediction`, or `label`, `probability_<class>` … and `decision`,
    or a transformer's own. Rows that the model refuses have NULL in all of them; ONNX has no decisions. If anything
    fails, the target is as it was.

    Raises ModelError, ModelInputError, UnknownNameError, RefusedError for a target that cannot be filled, QueryError.

    >>> import duckdb
    >>> from sklearn.preprocessing import MinMaxScaler
    >>> scaler = MinMaxScaler().fit([[0.0], [4.0]])
    >>> with duckdb.connect() as connection:
    ...     _ = connection.sql("CREATE TABLE points AS SELECT * FROM (VALUES (1, 3.0), (2, NULL)) AS t(id, x)")
    ...     score_table(scaler, warehouse=connection, source="points", target="scaled", keys=["id"], inputs=["x"])
    ...     connection.sql("FROM scaled").fetchall()
    2
    [(1, 0.75), (2, None)]
    """
    if executor is not None and str(executor) not in RUNS:
        raise UnknownNameError("executor", str(executor), RUNS)
    keys = column_names("keys", keys)
    if twice := [key for key in keys if keys.count(key) > 1]:
        raise ModelInputError(f"key '{twice[0]}' is given twice; give it once.")
    with tables_of(warehouse) as tables:
        rows = relation_of(source, tables.dialect)
        columns = names_and_columns(model, inputs)[1]
        require_told_apart(columns, tables.dialect)
        if executor is None:
            executor = LIBRARY if too_large(graph_of(model, columns)) else SQL
        note = f"scores of {type(model).__name__} by executor '{executor}', aops-indb {version('aops-indb')}"
        chosen = None if outputs is None else column_names("outputs", outputs)
        return RUNS[executor](tables, Task(model, columns, rows, target, keys, chosen, note, replace))


# ── executors ──────────────────────────────────────────────────────────────────────────────────────────


def _by_sql(tables: Tables, task: Task) -> int:
    _require_columns(task, tables.columns(select([star()], task.rows.copy())))
    graph = choose(graph_of(task.model, task.inputs), task.outputs)
    query = lower(graph, _countable(tables, task, graph), keys=task.keys, dialect=tables.dialect)
    return tables.keep(task.target, query, note=task.note, replace=task.replace)


def _countable(tables: Tables, task: Task, graph: Graph) -> Expr:
    """The rows, with numbers in the place of truth values that the model takes for such: PostgreSQL casts none."""
    read = {node.name for node in walk(graph.roots) if isinstance(node, Input) and node.kind == "number"}
    types = tables.columns(select([star()], task.rows.copy()))
    truths = {name for name in read - set(task.keys) if tables.kinds.get(types.get(name, "")) == "boolean"}
    if not truths:
        return task.rows
    columns = {name: read_as(name, "boolean") if name in truths else col(name) for name in types}
    return subquery(select(columns, task.rows), "counted")


def _by_library(tables: Tables, task: Task) -> int:
    kinds = _kinds(tables, task)
    sample = model_frame(_sample(tables, task, kinds), task.inputs)
    return _in_batches(tables, task, kinds, in_process(task.model, task.inputs, None, sample))


def _by_onnx(tables: Tables, task: Task) -> int:
    """As it is exported now; ModelError if it differs from its library on rows of the source."""
    kinds = _kinds(tables, task)
    sample = model_frame(_sample(tables, task, kinds), task.inputs)
    named = sample.set_axis(list(fitted_names(task.model) or task.inputs), axis=1)
    content = to_onnx(task.model, named)
    compared = compare_onnx(content, task.model, named)
    if not compared.agrees:
        raise ModelError(
            f"the ONNX of {type(task.model).__name__} is not as its library on the first rows of the source: "
            f"{compared}; use executor='library'"
        )
    return _in_batches(tables, task, kinds, in_process(task.model, task.inputs, content))


RUNS: Mapping[str, Callable[[Tables, Task], int]] = {SQL: _by_sql, "onnx": _by_onnx, LIBRARY: _by_library}


def _in_batches(tables: Tables, task: Task, kinds: Mapping[str, InputKind], function: InProcess) -> int:
    known = function.function.types
    taken = {key.lower() for key in task.keys}
    for name in known if task.outputs is None else task.outputs:
        if name not in known:
            raise UnknownNameError("output", name, known)
        if name.lower() in taken:
            raise ModelInputError(f"output '{name}' has the name of a key; rename one of them.")
    chosen = function if task.outputs is None else function.choose(task.outputs)
    batches = Batches(task.rows, task.keys, kinds, chosen, chosen.chosen.types)
    return tables.keep_batches(task.target, batches, note=task.note, replace=task.replace)


def _kinds(tables: Tables, task: Task) -> dict[str, InputKind]:
    """What each input is; UnknownNameError, ModelInputError for what is not there or no model takes."""
    types = tables.columns(select([star()], task.rows.copy()))
    _require_columns(task, types)
    folded = {name.lower(): kind for name, kind in types.items()} | types
    kinds = {}
    for name in task.inputs:
        sql_type = folded.get(name, folded[name.lower()])
        kind = tables.kinds.get(sql_type.partition("(")[0])
        if kind is None:
            raise ModelInputError(
                f"column '{name}' is {sql_type}, and a model takes numbers, booleans and text: make a number or text "
                "of it in a SELECT given as source"
            )
        kinds[name] = kind
    return kinds


def _require_columns(task: Task, types: Mapping[str, str]) -> None:
    # whether case matters is up to the warehouse
    folded = {name.lower() for name in types}
    for name in (*task.keys, *task.inputs):
        if name.lower() not in folded:
            raise UnknownNameError("column of the source", name, types)


def _sample(tables: Tables, task: Task, kinds: Mapping[str, InputKind]) -> Any:
    query = select({name: read_as(name, kind) for name, kind in kinds.items()}, task.rows.copy(), limit=SAMPLE)
    return tables.arrow(query)

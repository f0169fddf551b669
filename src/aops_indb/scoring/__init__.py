"""Trained models as SQL: a fitted model is read into a score graph, and the graph lowered to one SELECT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from aops_indb.errors import DefinitionError, UnknownNameError
from aops_indb.scoring.graph import Graph
from aops_indb.scoring.lower import lower
from aops_indb.scoring.names import column_names
from aops_indb.scoring.support import SupportReport, explain_support
from aops_indb.scoring.translate import translate
from aops_indb.sqlgen.build import Expr
from aops_indb.sqlgen.dialects import Dialect
from aops_indb.sqlgen.dialects import dialect as dialect_named
from aops_indb.sqlgen.parse import parse_select
from aops_indb.sqlgen.render import render
from aops_indb.sqlgen.statements import as_written, parse_table, subquery

__all__ = ["Graph", "SupportReport", "explain_support", "lower", "to_sql", "translate"]


def to_sql(
    model: Any,
    *,
    source: str,
    keys: Sequence[str] = (),
    inputs: Sequence[str] | None = None,
    dialect: str = "duckdb",
    outputs: Sequence[str] | None = None,
    layout: str | None = None,
) -> str:
    """One self-contained SELECT that scores the rows of `source`.

    model:   fitted scikit-learn estimator or pipeline
    source:  table name, or a SELECT statement
    keys:    columns of the source to pass through
    inputs:  column names in the model's input order; taken from feature_names_in_ when the model has them
    outputs: which output columns, in which order; all by default
    layout:  how forests are laid out, an entry of LAYOUTS; by default the best for each

    The result has the keys, then for a regressor `prediction` (prediction_0 … for several targets), for a classifier
    `label`, `probability_<class>` … and `decision` or `decision_<class>` where the model has it, for a transformer its
    get_feature_names_out(). Rows the model would refuse have NULL in all of them, and so have rows with a number so
    large that sums could overflow: the header says how large. Scores are the library's to 1e-9 relative. Rows come in
    no particular order: a key tells them apart.

    NULL and NaN in the source are both missing; to an imputer they are its missing_values, if that is None or NaN.
    PostgreSQL casts no boolean to a number: where a model takes one as such, give as source a SELECT with
    CAST(flag AS INTEGER) AS flag.

    Raises UnsupportedModelError naming the step, ModelError, ModelInputError, and UnknownNameError for an output or
    dialect nobody defined.

    >>> from sklearn.preprocessing import MinMaxScaler
    >>> scaler = MinMaxScaler().fit([[0.0], [4.0]])
    >>> print(to_sql(scaler, source="points", keys=["id"], inputs=["x"]))  # doctest: +ELLIPSIS
    -- MinMaxScaler, read with scikit-learn ...
    -- SQL by aops-indb ...
    -- NULL where 'x' is beyond 1e300 in size (MinMaxScaler)
    SELECT
      "id",
      CASE WHEN "row_is_refused" THEN NULL ELSE "minmaxscaler__x" END AS "x"
    FROM (
      SELECT
        "id",
        "x" * 2.5000000000000000e-01 AS "minmaxscaler__x",
        ABS("x_2") > 1.0000000000000001e+300 AS "row_is_refused"
      FROM (
        SELECT
          "id",
          CASE
            WHEN ABS(CAST("x" AS DOUBLE)) <= 1.0000000000000001e+300
            THEN CAST("x" AS DOUBLE)
          END AS "x",
          NULLIF(CAST("x" AS DOUBLE), CAST('nan' AS DOUBLE)) AS "x_2"
        FROM "points"
      ) AS "s0_inputs"
    ) AS "s1_minmaxscaler"
    """
    keys = column_names("keys", keys)
    graph = choose(translate(model, inputs), outputs)
    target = dialect_named(dialect)
    query = lower(graph, relation_of(source, target), keys=keys, dialect=target, layout=layout)
    return render(query, target, header=header(graph), consume=True)


def choose(graph: Graph, outputs: Sequence[str] | None) -> Graph:
    """The graph with the named outputs only, in that order."""
    if outputs is None:
        return graph
    known, outputs = dict(graph.outputs), column_names("outputs", outputs)
    for name in outputs:
        if name not in known:
            raise UnknownNameError("output", name, known)
    return replace(graph, outputs=tuple((name, known[name]) for name in outputs))


def header(graph: Graph) -> str:
    """The comment that precedes the SQL: what the model is, and where its outputs are NULL."""
    lines = [*graph.description, f"SQL by aops-indb {version('aops-indb')}"]
    reasons = dict.fromkeys(reason for guard in graph.guards for reason in guard.reasons)
    return "\n".join(lines + [f"NULL where {reason}" for reason in reasons])


def relation_of(source: str, dialect: Dialect) -> Expr:
    """A table by its name, or a query in parentheses."""
    if not isinstance(source, str):
        raise DefinitionError(f"source is {source!r}; give a table's name, or a SELECT.")
    first, *others = source.replace("(", " ( ").split(None, 1) or [""]
    if not first:
        raise DefinitionError("source is empty; give a table's name, or a SELECT.")
    if others and first.lower() in ("select", "with", "from", "values", "("):
        return as_written(subquery(parse_select(source, dialect=dialect.sqlglot), "source"))
    return parse_table(source)

"""Triggers, and lists of JSON, as PostgreSQL has them."""

from __future__ import annotations

from sqlglot import exp

from aops_indb.errors import AopsError
from aops_indb.sqlgen.build import Expr, anonymous, ident

# Of a table's schema: a function that refuses whatever calls it, with the trigger's words.
_FORBIDS = "forbidden_by_trigger"
_BODY = "BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END"


def triggers_by_function(tree: Expr) -> Expr:
    """A trigger whose statement fails with `error('…')`, as one that calls a function which does; with that function.

    Rows that are taken away all at once are DELETEd in DuckDB, and TRUNCATEd in PostgreSQL.
    """
    if not isinstance(tree, exp.Create) or tree.args["kind"] != "TRIGGER":
        return tree
    trigger = tree.args["properties"].find(exp.TriggerProperties)
    message = _message(trigger.args["execute"])
    events = [event.name.upper() for event in trigger.args["events"]]
    events += ["TRUNCATE"] if "DELETE" in events else []
    target = trigger.args["table"]
    function = exp.Dot(
        this=target.args["db"].copy(), expression=exp.Anonymous(this=ident(_FORBIDS), expressions=[message])
    )
    calls = exp.TriggerProperties(
        table=target.copy(),
        timing="BEFORE",
        events=[exp.TriggerEvent(this=event) for event in events],
        execute=exp.TriggerExecute(this=function),
        for_each="STATEMENT",
    )
    made = exp.Create(this=tree.this.copy(), kind="TRIGGER", properties=exp.Properties(expressions=[calls]))
    return exp.Block(expressions=[_function(target.args["db"]), made])


def _message(fails: Expr) -> Expr:
    """What the error of a trigger's statement says."""
    for call in fails.find_all(exp.Anonymous):
        if call.name.upper() == "ERROR" and isinstance(call.expressions[0], exp.Literal):
            message: Expr = call.expressions[0].copy()
            return message
    raise AopsError("this SQL has a trigger that does something, which postgres does not have: render it for duckdb")


def _function(schema: Expr) -> Expr:
    properties = [
        exp.ReturnsProperty(this=exp.DataType(this=exp.DataType.Type.USERDEFINED, kind="TRIGGER")),
        exp.LanguageProperty(this=exp.Var(this="plpgsql")),
    ]
    target = exp.Table(this=ident(_FORBIDS), db=schema.copy())
    return exp.Create(
        this=exp.UserDefinedFunction(this=target, expressions=[], wrapped=True),
        kind="FUNCTION",
        expression=exp.Heredoc(this=exp.Var(this=_BODY), tag=exp.Var(this="body")),
        replace=True,
        properties=exp.Properties(expressions=properties),
    )


def lists_of_json(node: exp.Explode) -> Expr:
    """`UNNEST(CAST(x AS JSON[]))`, the elements of a list in JSON, by PostgreSQL's function."""
    listed = node.this
    if not isinstance(listed, exp.Cast) or listed.to.sql("duckdb") != "JSON[]":
        return node
    return anonymous("JSON_ARRAY_ELEMENTS", listed.this)

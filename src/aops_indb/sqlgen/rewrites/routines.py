"""Table macros as functions, and comments where a view itself carries them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from aops_indb.errors import AopsError
from aops_indb.sqlgen.build import Expr, ident
from aops_indb.sqlgen.statements import Statement, macro_signature

_QUOTE = "query"


def macros_as_functions(tree: Expr) -> Expr:
    """A table macro as a function of PostgreSQL whose rows are those of a view, a comment on it, and its end."""
    if isinstance(tree, exp.Comment | exp.Drop) and tree.args["kind"] in ("MACRO", "MACRO TABLE"):
        tree.set("kind", "FUNCTION")
    if not isinstance(tree, exp.Create) or tree.args["kind"] != "MACRO":
        return tree
    signature = macro_signature(tree)
    if signature is None:
        raise AopsError("this SQL has a table macro without types, which postgres does not have: render it for duckdb")
    parameters = [
        exp.ColumnDef(this=ident(name), kind=exp.DataType.build(kind)) for name, kind in signature.parameters.items()
    ]
    rows = exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=f"SETOF {signature.rows_of.sql('postgres')}")
    properties = [
        exp.ReturnsProperty(this=rows),
        exp.LanguageProperty(this=exp.Var(this="SQL")),
        exp.StabilityProperty(this=exp.Literal.string("STABLE")),
    ]
    return exp.Create(
        this=exp.UserDefinedFunction(this=tree.this.this, expressions=parameters, wrapped=True),
        kind="FUNCTION",
        expression=exp.Heredoc(this=_typed(tree.expression), tag=exp.Var(this=_free_quote(tree.expression))),
        replace=True,
        properties=exp.Properties(expressions=properties),
    )


def _typed(query: Expr) -> Expr:
    """The query, its parameters of the types they have: none need be asked for."""
    for node in list(query.find_all(exp.Case)):
        condition, default = node.args["ifs"][0].this, node.args.get("default")
        asked = condition.this if isinstance(condition, exp.EQ) else None
        if isinstance(asked, exp.Anonymous) and asked.name.upper() == "TYPEOF" and default is not None:
            node.replace(default.copy())
    return query


def _free_quote(query: Expr) -> str:
    """A mark that ends the query, and that is in none of its texts and names."""
    mark = _QUOTE
    while any(mark in node.name for node in query.find_all(exp.Literal, exp.Identifier)):
        mark += "_"
    return mark


def with_comments_inside(statements: Sequence[Statement]) -> list[Statement]:
    """The statements that make a view, and the comments on it, as one statement, as Spark has it."""
    create, *comments = statements
    if not isinstance(create, exp.Create) or create.args["kind"] != "VIEW":
        return list(statements)
    texts = {node.this.name: node.expression for node in comments if node.args["kind"] == "COLUMN"}
    whole = [node.expression for node in comments if node.args["kind"] == "VIEW"]
    made = create.copy()
    columns = [_column(name, texts.get(name)) for name in create.expression.named_selects]
    made.set("this", exp.Schema(this=made.this, expressions=columns))
    if whole:
        made.set("properties", exp.Properties(expressions=[exp.SchemaCommentProperty(this=whole[0].copy())]))
    return [made]


def _column(name: str, text: Expr | None) -> Expr:
    if text is None:
        return ident(name)
    said = exp.ColumnConstraint(kind=exp.CommentColumnConstraint(this=text.copy()))
    return exp.ColumnDef(this=ident(name), constraints=[said])

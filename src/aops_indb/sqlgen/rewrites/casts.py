"""Casts of a warehouse's columns, where the dialect's own would make something out of anything."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from aops_indb.sqlgen.build import Expr, anonymous, case, cast, eq, func, in_, is_null, lit, ne, or_

Type = exp.DataType.Type


def checked(node: exp.Cast) -> Expr:
    """A column read as a type; an error, where SQLite would read text as 0.

    >>> checked(cast(exp.column("x", quoted=True), "DOUBLE")).sql("sqlite")[:57]
    'CASE WHEN TYPEOF("x") IN (\\'real\\', \\'integer\\', \\'null\\') THEN'
    """
    column = node.this
    if not isinstance(column, exp.Column) or node.to.this not in READ:
        return node
    return READ[node.to.this](column)


def _number(column: exp.Column) -> Expr:
    return _if_number(column, cast(column, "DOUBLE"), "a number")


def _yes_or_no(column: exp.Column) -> Expr:
    return _if_number(column, ne(column, lit(0)), "yes or no as 1 or 0")


def _whole(column: exp.Column) -> Expr:
    number = cast(column, "BIGINT")
    whens = [
        (in_(_type_of(column), [lit("integer"), lit("null")]), number),
        (eq(_type_of(column), lit("real")), case([(eq(number.copy(), column.copy()), number.copy())], _error(column))),
    ]
    return case(whens, _error(column, "a whole number"))


def _text(column: exp.Column) -> Expr:
    # a column's own collation would decide which texts are equal
    return exp.Collate(this=cast(column, "VARCHAR"), expression=exp.Var(this="BINARY"))


# how numbers are written
NUMBER = "^ *[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)? *$"
RAISING = {Type.DOUBLE: "toFloat64", Type.BIGINT: "toInt64", Type.BOOLEAN: "toBool"}
# what is put after text
END = "."

READ: dict[object, Callable[[exp.Column], Expr]] = {
    Type.DOUBLE: _number,
    Type.BOOLEAN: _yes_or_no,
    Type.BIGINT: _whole,
    Type.VARCHAR: _text,
}


def checked_text(node: exp.Cast) -> Expr:
    """A column read as a number; an error, where MySQL would read text as far as it goes."""
    column = node.this
    if not isinstance(column, exp.Column) or node.to.this != Type.DOUBLE:
        return node
    written = cast(column.copy(), "VARCHAR")
    known = or_(is_null(column.copy()), exp.RegexpLike(this=written, expression=lit(NUMBER)))
    return case([(known, node.copy())], _error(column, "a number"))


def by_bits(collation: str) -> Callable[[exp.Cast], Expr]:
    """A column read as text, equal to another only if all of it is: in a collation that compares bits."""

    def collated(node: exp.Cast) -> Expr:
        if not isinstance(node.this, exp.Column) or node.to.this != Type.VARCHAR:
            return node
        return exp.Collate(this=node.copy(), expression=exp.Var(this=collation))

    return collated


def or_error(node: exp.Cast) -> Expr:
    """A column read by a function that raises, where ClickHouse's cast makes NULL of what it cannot read."""
    name = RAISING.get(node.to.this)
    return anonymous(name, node.this) if name and isinstance(node.this, exp.Column) else node


def text_to_its_end(node: exp.EQ | exp.In) -> Expr:
    """Text compared with a mark at its end, where blanks at the end do not count."""
    texts = node.expressions if isinstance(node, exp.In) else [node.expression]
    if not texts or not all(isinstance(text, exp.Literal) and text.is_string for text in texts):
        return node
    if isinstance(node.this, exp.DPipe):
        return node
    for text in texts:
        text.set("this", f"{text.this}{END}")
    node.set("this", exp.Paren(this=exp.DPipe(this=node.this, expression=lit(END), safe=True)))
    return node


def _if_number(column: exp.Column, value: Expr, wanted: str) -> Expr:
    known = in_(_type_of(column), [lit(kind) for kind in ("real", "integer", "null")])
    return case([(known, value)], _error(column, wanted))


def _type_of(column: exp.Column) -> Expr:
    return func("TYPEOF", column.copy())


def _error(column: exp.Column, wanted: str = "a whole number") -> Expr:
    """An error that says what is wrong: SQLite raises none by name, but says which JSON path is none."""
    words = lit(f"column {column.name} must hold {wanted}, and holds: ")
    path = exp.DPipe(this=words, expression=column.copy(), safe=True)
    return anonymous("JSON_EXTRACT", lit("{}"), path)

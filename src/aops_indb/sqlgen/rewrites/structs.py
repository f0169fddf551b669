"""Structs, lists of them and what is computed from lists, in PostgreSQL: each part of a struct is a column of its own.

PostgreSQL has rows of several values, but no name for a part of one that an aggregate or another query made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from aops_indb.errors import AopsError
from aops_indb.sqlgen.build import Expr, and_, case, col, filtered, is_not_null, lit
from aops_indb.sqlgen.lists import nth
from aops_indb.sqlgen.origins import parts
from aops_indb.sqlgen.rewrites.exact_numbers import REDUCTIONS, ROW, sum_of_terms
from aops_indb.sqlgen.statements import aliased, ours
from aops_indb.sqlgen.windows import asc, desc

# What a list of plain values has in the place of parts.
_VALUE = "value"
_TERMS = "__terms"


def structs_as_columns(tree: Expr) -> Expr:
    """The tree with a column for each part of a struct; AopsError for a struct or function of lists that stays."""
    if tree.find(exp.Struct, exp.Transform, exp.ArrayAgg, exp.Max) is None:
        return tree
    known = _Known()
    if tree.find(exp.Struct) is not None:
        _read_parts(tree)
        known.note(tree)
    for node in reversed(list(ours(tree))):
        made = _rewritten(node, known)
        if made is not node:
            tree = made if node is tree else tree
            node.replace(made)
    for query in list(tree.find_all(exp.Select)):
        if query.find_ancestor(exp.Select) is None:
            _require_no_struct(query, known)
        query.set("expressions", [split for made in query.expressions for split in _split(made, known)])
    for node in ours(tree):
        if isinstance(node, exp.Struct | exp.Transform):
            raise AopsError(
                f"this SQL has {node.sql('duckdb')[:60]}, a struct or list that postgres does not have: "
                "render it for duckdb or spark"
            )
    return tree


def _read_parts(tree: Expr) -> None:
    """Have `s.part` read as a part of column s, where no relation has that name."""
    for column in [column for column in tree.find_all(exp.Column) if column.table and not column.args.get("db")]:
        query = column.find_ancestor(exp.Select)
        if query is None or column.table in _relations(query):
            continue
        whole = col(column.table)
        part = exp.Dot(this=whole, expression=column.this.copy())
        column.replace(part)
        if column.name not in (parts(whole) or ()):
            part.replace(column)


def _relations(query: exp.Select) -> set[str]:
    """The names of what a query reads from."""
    sources = [query.args["from_"].this] if query.args.get("from_") else []
    return {each.alias_or_name for each in (*sources, *(join.this for join in query.args.get("joins") or []))}


def _require_no_struct(query: exp.Select, known: _Known) -> None:
    """AopsError for a query whose own result has a struct."""
    for made in query.expressions:
        if known.of(made.unalias()) is not None:
            raise AopsError(
                f"this SQL has the column '{made.alias_or_name}', a struct or list that postgres does not have: "
                "give each of its parts a column of its own, or render it for duckdb or spark"
            )


@dataclass(slots=True)
class _Known:
    """The parts of what holds structs, by the id of its node: columns, and NULL in the place of one in a union.

    The nodes are kept, so that no other gets the id of one.
    """

    by_node: dict[int, tuple[Expr, tuple[str, ...]]] = field(default_factory=dict)

    def note(self, tree: Expr) -> None:
        """Look at the whole tree, before anything in it is another."""
        for column in tree.find_all(exp.Column):
            names = parts(column)
            if names is not None:
                self.by_node[id(column)] = column, names
        for union in tree.find_all(exp.SetOperation):
            branches = [query.expressions for query in (union.this, union.expression) if isinstance(query, exp.Select)]
            for values in zip(*branches, strict=False):
                names = next(filter(None, (self.of(value.unalias()) for value in values)), None)
                for null in [value.unalias() for value in values if isinstance(value.unalias(), exp.Null)]:
                    if names is not None:
                        self.by_node[id(null)] = null, names

    def of(self, value: Expr) -> tuple[str, ...] | None:
        """The names of a value's parts; None for one that is a value itself."""
        match value:
            case exp.Column() | exp.Null():
                return self.by_node.get(id(value), (value, None))[1]
            case exp.Struct():
                return tuple(given.this.name for given in value.expressions)
            case exp.Case():
                return next(filter(None, (self.of(branch.args["true"]) for branch in value.args["ifs"])), None)
            case exp.Max() | exp.Min() | exp.Filter() | exp.ArrayAgg() | exp.Order() | exp.Paren():
                return self.of(value.this)
        return None


def _split(made: Expr, known: _Known) -> list[Expr]:
    """A column of a query as columns of its parts."""
    names = known.of(made.unalias())
    if names is None:
        return [made]
    return [aliased(_part(made.unalias(), name, known), f"{made.alias_or_name}.{name}") for name in names]


def _part(value: Expr, name: str, known: _Known) -> Expr:
    """A part of a struct, or a list of that part of each struct of a list."""
    match value:
        case exp.Column():
            return col(f"{value.name}.{name}", value.table)
        case exp.Null():
            return lit(None)
        case exp.Paren():
            return _part(value.this, name, known)
        case exp.Struct():
            return next(_copied(given.expression) for given in value.expressions if given.this.name == name)
        case exp.Case():
            whens = [(branch.this.copy(), _part(branch.args["true"], name, known)) for branch in value.args["ifs"]]
            default = value.args.get("default")
            return case(whens, None if default is None else _part(default, name, known))
    return _aggregated(value, name, known)


def _copied(value: Expr) -> Expr:
    return value.copy()


def _aggregated(node: Expr, name: str, known: _Known) -> Expr:
    """A part of the largest struct, or of each in a list: sorted by all parts, the first of them first."""
    aggregate = node.this if isinstance(node, exp.Filter) else node
    conditions = [node.expression.this.copy()] if isinstance(node, exp.Filter) else []
    of, largest = aggregate.this, isinstance(aggregate, exp.Max)
    if isinstance(of, exp.Order):
        of = of.this
    if largest and isinstance(of, exp.Case) and of.args.get("default") is None and len(of.args["ifs"]) == 1:
        [branch] = of.args["ifs"]
        conditions.append(branch.this.copy())
        of = branch.args["true"]
    names = known.of(of)
    if not isinstance(aggregate, exp.Max | exp.ArrayAgg) or names is None:
        raise AopsError(f"this SQL has {node.sql('duckdb')[:60]} of structs, which postgres does not have")
    sort = desc if largest else asc
    keys = [sort(_part(of, key, known)) for key in names]
    conditions.append(is_not_null(_part(of, names[0], known)))
    listed = exp.ArrayAgg(this=exp.Order(this=_part(of, name, known), expressions=keys))
    values = filtered(listed, and_(*conditions))
    return _first(values, aggregate.args.get("count")) if largest else values


def _first(values: Expr, count: Expr | None) -> Expr:
    """The first of a list, or the first ones."""
    if count is None:
        return nth(exp.Paren(this=values), lit(1))
    return exp.Bracket(
        this=exp.Paren(this=values), expressions=[exp.Slice(this=lit(1), expression=count.copy())], offset=1
    )


# ── expressions of structs and lists ───────────────────────────────────────────────────────────────────


def _rewritten(node: Expr, known: _Known) -> Expr:
    match node:
        case exp.Dot() if known.of(node.this) is not None:
            return _part(node.this, node.expression.name, known)
        case exp.Is() if (names := known.of(node.this)) is not None:
            return exp.Is(this=_part(node.this, names[0], known), expression=node.expression.copy())
        case exp.GT() | exp.GTE() | exp.LT() | exp.LTE() if known.of(node.this) is not None:
            return type(node)(this=_row(node.this, known), expression=_row(node.expression, known))
        case exp.Transform():
            return _part_of_each(node, known)
        case exp.Bracket():
            return _reduced(node, known)
    return node


def _row(value: Expr, known: _Known) -> Expr:
    """A struct to be compared, part by part."""
    made = [_part(value, name, known) for name in known.of(value) or ()]
    return made[0] if len(made) == 1 else exp.Tuple(expressions=made)


def _part_of_each(node: exp.Transform, known: _Known) -> Expr:
    """A list of one part of each struct of a list."""
    body, names = node.expression.this, known.of(node.this)
    plain = isinstance(body, exp.Dot) and isinstance(body.this, exp.Identifier)
    return _part(node.this, body.expression.name, known) if plain and names is not None else node


def _reduced(node: exp.Bracket, known: _Known) -> Expr:
    """What is computed from a list that has a name, by that name: `LIST_TRANSFORM([list], LAMBDA name : …)[1]`."""
    each = node.this
    if not isinstance(each, exp.Transform) or not isinstance(each.this, exp.Array) or node.find_ancestor(exp.Lambda):
        return node
    [given], [parameter] = each.this.expressions, each.expression.expressions
    if parameter.name in REDUCTIONS:
        return REDUCTIONS[parameter.name](_lists(given, known))
    if parameter.name == _TERMS and isinstance(given, exp.Transform):
        [element] = given.expression.expressions
        return sum_of_terms(_lists(given.this, known), _of_row(given.expression.this, element.name))
    return node


def _lists(values: Expr, known: _Known) -> Mapping[str, Expr]:
    """A list for each part of a list's structs, or the list itself."""
    names = known.of(values)
    if names is None:
        return {_VALUE: values.copy()}
    return {name: _part(values, name, known) for name in names}


def _of_row(term: Expr, element: str) -> Expr:
    """An expression of an element, which it knows by a name, as one of columns of a row."""
    made = exp.Paren(this=term.copy())
    for node in list(made.find_all(exp.Identifier)):
        if node.name != element or isinstance(node.parent, exp.Column):
            continue
        whole = node.parent if isinstance(node.parent, exp.Dot) else node
        name = whole.expression.name if isinstance(whole, exp.Dot) else _VALUE
        whole.replace(col(name, ROW))
    inner: Expr = made.this
    return inner.pop()

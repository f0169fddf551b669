"""ASOF joins in the forms of dialects that have none: neither compares each row with each.

An ASOF join finds for each row on the left, of the rows on the right with equal keys, the one with the latest moment
that is not after its own. No two rows on the right have the same keys and moment, or only the moment is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from aops_indb.errors import AopsError
from aops_indb.sqlgen.build import Expr, and_, anonymous, col, eq, ident, is_not_null, lit
from aops_indb.sqlgen.lists import field, nth, struct
from aops_indb.sqlgen.statements import Join, Select, select, subquery, table, union_all
from aops_indb.sqlgen.windows import asc, over

# Columns made inside.
_TIMES, _MOMENT, _FOUND, _ASKS = "__times", "__moment", "__found", "__asks"

# Clauses whose result is not computed twice.
_COSTLY = ("joins", "distinct", "group", "order", "limit", "qualify", "with_")


@dataclass(frozen=True, slots=True)
class _Asof:
    """One ASOF join: what is searched, the keys on both sides, the moment asked for, and that of what is found."""

    node: exp.Join
    relation: exp.Table
    asking: tuple[Expr, ...]
    keys: tuple[exp.Column, ...]
    at: Expr
    moment: exp.Column

    @property
    def alias(self) -> str:
        return str(self.relation.alias_or_name)


def asof_by_arrays(tree: Expr) -> Expr:
    """Every ASOF join by a binary search in the array of a key's moments, and a join of equal keys and moments.

    PostgreSQL's WIDTH_BUCKET gives the number of moments that are not after the one asked for. With an index a LATERAL
    sub-select takes as long, and without one it reads the whole table for every row.
    """
    asking: set[str] = set()
    for query in list(tree.find_all(exp.Select)):
        joins = query.args.get("joins") or []
        if any(map(_is_asof, joins)):
            query.set("joins", [made for join in _searched(query, joins) for made in join])
            asking.add(query.args["from_"].this.name)
    if asking:
        _read_tables_anew(tree, asking)
    return tree


def _read_tables_anew(tree: Expr, asking: set[str]) -> None:
    """Have rows of a table read wherever they are used, with its indexes: kept aside, they take twice the time.

    Those that ask are read once: a view might have others at each reading.
    """
    made = {cte.alias for cte in tree.find_all(exp.CTE)}
    for cte in [cte for cte in tree.find_all(exp.CTE) if cte.alias not in asking]:
        query = cte.this
        source = query.args.get("from_") if isinstance(query, exp.Select) else None
        if source is None or not isinstance(source.this, exp.Table) or source.this.name in made:
            continue
        costly = any(query.args.get(clause) for clause in _COSTLY)
        if not costly and query.find(exp.Window, exp.Subquery, exp.AggFunc) is None:
            cte.set("materialized", False)


def _searched(query: Select, joins: Sequence[exp.Join]) -> Iterator[list[exp.Join]]:
    """What each join becomes; the moments of a table are collected once, and joined once where only they are used."""
    searched: dict[str, str] = {}
    for join in joins:
        if not _is_asof(join):
            yield [join]
            continue
        asof = _read(join)
        which = str((asof.relation.name, *(key.name for key in asof.keys), *(part.sql() for part in asof.asking)))
        made = [] if which in searched else [_join(_times(asof, f"{asof.relation.name}__times"))]
        times = searched.setdefault(which, f"{asof.relation.name}__times")
        used = list(_columns_used(query, asof))
        if all(column.name == asof.moment.name for column in used):
            for column in used:
                column.replace(_latest(asof, times))
            yield made
        else:
            yield [*made, _join(_at_time(asof, times))]


def _latest(asof: _Asof, times: str) -> Expr:
    """The latest moment; of place 0 there is none."""
    return nth(col(_TIMES, times), anonymous("WIDTH_BUCKET", asof.at.copy(), col(_TIMES, times)))


def _times(asof: _Asof, name: str) -> Join:
    """The moments of each key."""
    moment = col(asof.moment.name)
    sorted_ = exp.ArrayAgg(this=exp.Order(this=moment, expressions=[asc(moment.copy())]))
    grouped = select(
        {**{key.name: col(key.name) for key in asof.keys}, _TIMES: sorted_},
        table(asof.relation.name),
        where=[is_not_null(moment.copy())],
        group_by=[col(key.name) for key in asof.keys],
    )
    same = [eq(asks.copy(), col(key.name, name)) for asks, key in zip(asof.asking, asof.keys, strict=True)]
    return Join(subquery(grouped, name), "left", and_(*same))


def _at_time(asof: _Asof, times: str) -> Join:
    """The row of the latest moment."""
    same = [eq(asks.copy(), key.copy()) for asks, key in zip(asof.asking, asof.keys, strict=True)]
    at_time = eq(asof.moment.copy(), _latest(asof, times))
    return Join(asof.relation.copy(), "left", and_(*same, at_time))


def asof_by_windows(tree: Expr) -> Expr:
    """Every ASOF join by a window over the moments asked for and those searched, on one timeline, joined back."""
    for query in list(tree.find_all(exp.Select)):
        for asof in [_read(join) for join in query.args.get("joins") or [] if _is_asof(join)]:
            used = sorted({column.name for column in _columns_used(query, asof)})
            asof.node.replace(_join(_on_timeline(query, asof, used)))
    return tree


def _on_timeline(query: Select, asof: _Asof, used: list[str]) -> Join:
    keys = [f"__key_{number}" for number, _ in enumerate(asof.keys, 1)]
    asked: dict[str, Expr] = {name: asks.copy() for name, asks in zip(keys, asof.asking, strict=True)}
    searched: dict[str, Expr] = {name: key.copy() for name, key in zip(keys, asof.keys, strict=True)}
    known = [is_not_null(value.copy()) for value in (*asof.asking, asof.at)]
    asking = select(
        {**asked, _MOMENT: asof.at.copy(), _FOUND: lit(None), _ASKS: lit(True)},
        query.args["from_"].this.copy(),
        where=known,
        distinct=True,
    )
    value = struct({name: col(name, asof.alias) for name in used} or {_MOMENT: asof.moment.copy()})
    found = select({**searched, _MOMENT: asof.moment.copy(), _FOUND: value, _ASKS: lit(False)}, asof.relation.copy())
    frame = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
    order = [asc(col(_MOMENT)), asc(col(_ASKS))]
    latest = over(anonymous("LAST", col(_FOUND), lit(True)), [col(key) for key in keys], order, frame=frame)
    names = [*keys, _MOMENT, _ASKS]
    framed = select(
        {**{name: col(name) for name in names}, _FOUND: latest}, subquery(union_all(found, asking), "timeline")
    )
    kept = select(
        {**{name: col(name) for name in names[:-1]}, **{name: field(col(_FOUND), name) for name in used}},
        subquery(framed, "latest"),
        where=[col(_ASKS)],
    )
    pairs = zip((*asof.asking, asof.at), names, strict=False)
    same = [eq(asks.copy(), col(name, asof.alias)) for asks, name in pairs]
    return Join(subquery(kept, asof.alias), "left", and_(*same))


def _columns_used(query: Select, asof: _Asof) -> Iterator[exp.Column]:
    """The columns of what is searched, but those in the condition of its own join."""
    for column in query.find_all(exp.Column):
        if column.table == asof.alias and column.find_ancestor(exp.Join) is not asof.node:
            yield column


# ── reading and writing joins ──────────────────────────────────────────────────────────────────────────


def _is_asof(join: exp.Join) -> bool:
    return bool(join.args.get("method") == "ASOF")


def _read(join: exp.Join) -> _Asof:
    """The parts of an ASOF join of a table by equal keys and one `at >= moment`; AopsError for any other."""
    relation, condition = join.this, join.args.get("on")
    parts = list(condition.flatten()) if isinstance(condition, exp.And) else [condition]
    equal = [part for part in parts if isinstance(part, exp.EQ)]
    later = [part for part in parts if isinstance(part, exp.GTE)]
    if not isinstance(relation, exp.Table) or not equal or len(later) != 1 or len(equal) + 1 != len(parts):
        raise _unreadable(join)
    alias = relation.alias_or_name
    sides = [_sides(part, alias) for part in equal]
    at, moment = later[0].this, later[0].expression
    if not _is_of(moment, alias) or any(_is_of(column, alias) for column in at.find_all(exp.Column)):
        raise _unreadable(join)
    return _Asof(join, relation, tuple(asks for asks, _ in sides), tuple(key for _, key in sides), at, moment)


def _sides(part: exp.EQ, alias: str) -> tuple[Expr, exp.Column]:
    """Of `a = b` the side that asks, and the one that is searched."""
    if _is_of(part.this, alias) == _is_of(part.expression, alias):
        raise _unreadable(part)
    asks, key = (part.expression, part.this) if _is_of(part.this, alias) else (part.this, part.expression)
    return asks, key


def _is_of(node: Expr, alias: str) -> bool:
    return isinstance(node, exp.Column) and node.table == alias


def _unreadable(node: Expr) -> AopsError:
    return AopsError(
        f"this SQL has an ASOF join that only duckdb has, by {node.sql('duckdb')}: give it equal keys and one "
        "time >= time of a table"
    )


def _join(join: Join) -> exp.Join:
    query = select([exp.Star()], exp.Table(this=ident("t")), joins=[join])
    made: exp.Join = query.args["joins"][0].pop()
    return made

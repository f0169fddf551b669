"""What PostgreSQL's catalogue is asked: what a schema holds, the SQL it keeps, types, and who holds the warehouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aops_indb.engines.base import RelationKind
from aops_indb.sqlgen.build import Expr, anonymous, cast, cast_as_written, col, eq, in_, lit, not_
from aops_indb.sqlgen.statements import Join, Query, Table, select, table

_CATALOGUE = "pg_catalog"

# pg_class.relkind: what is no view is what rows are in.
KINDS_OF_RELATIONS: Mapping[str, RelationKind] = {
    "v": "VIEW",
    **dict.fromkeys(("r", "p", "f", "m"), "TABLE"),
}
# pg_proc.proretset
KINDS_OF_FUNCTIONS: Mapping[bool, RelationKind] = {True: "MACRO TABLE", False: "MACRO"}


def relations_query() -> Query:
    """Schema, name, relkind and SQL of every relation outside the catalogue's own schemas."""
    text = anonymous("PG_GET_VIEWDEF", col("oid", "c"))
    columns = {"schema": _text("nspname", "n"), "name": _text("relname", "c"), "kind": _text("relkind", "c")}
    kept = [in_(col("relkind", "c"), [lit(kind) for kind in KINDS_OF_RELATIONS]), *_ours()]
    return select(
        columns | {"text": text}, table("pg_class", _CATALOGUE, alias="c"), joins=[_in("c", "rel")], where=kept
    )


def functions_query() -> Query:
    """Schema, name, whether it returns a set, and SQL of every function outside the catalogue's own schemas."""
    text = anonymous("PG_GET_FUNCTIONDEF", col("oid", "p"))
    columns = {"schema": _text("nspname", "n"), "name": _text("proname", "p"), "kind": col("proretset", "p")}
    # of an aggregate there is no SQL
    kept = [in_(col("prokind", "p"), [lit("f"), lit("p")]), *_ours()]
    return select(
        columns | {"text": text}, table("pg_proc", _CATALOGUE, alias="p"), joins=[_in("p", "pro")], where=kept
    )


def _text(name: str, relation: str) -> Expr:
    return cast(col(name, relation), "VARCHAR")


def _in(relation: str, prefix: str) -> Join:
    of_schema = eq(col("oid", "n"), col(f"{prefix}namespace", relation))
    return Join(table("pg_namespace", _CATALOGUE, alias="n"), "inner", of_schema)


def _ours() -> list[Expr]:
    """Where n is a schema of the database's users: the catalogue alone holds thousands of functions."""
    return [not_(in_(_text("nspname", "n"), [lit(_CATALOGUE), lit("information_schema"), lit("pg_toast")]))]


def parameters_query(function: Table) -> Query:
    """What every function of a name takes, as PostgreSQL writes it."""
    taken = anonymous("PG_GET_FUNCTION_IDENTITY_ARGUMENTS", col("oid", "p"))
    kept = [eq(_text("proname", "p"), lit(function.name)), eq(_text("nspname", "n"), lit(function.db))]
    return select([taken], table("pg_proc", _CATALOGUE, alias="p"), joins=[_in("p", "pro")], where=kept)


def types_query(types: Sequence[tuple[int, int]]) -> Query:
    """The names of types, by their number and modifier, as one row."""
    return select([anonymous("FORMAT_TYPE", cast_as_written(lit(oid), "oid"), lit(mod)) for oid, mod in types])


def holder_query(key: int) -> Query:
    """Process, user, application and address of whoever holds an advisory lock."""
    columns = {
        "pid": col("pid", "a"),
        "who": _text("usename", "a"),
        "what": col("application_name", "a"),
        "where": cast(col("client_addr", "a"), "VARCHAR"),
    }
    held = [
        eq(col("locktype", "l"), lit("advisory")),
        col("granted", "l"),
        eq(cast(col("classid", "l"), "BIGINT"), lit(key >> 32)),
        eq(cast(col("objid", "l"), "BIGINT"), lit(key & 0xFFFFFFFF)),
        eq(_text("datname", "a"), cast(anonymous("CURRENT_DATABASE"), "VARCHAR")),
    ]
    active = Join(table("pg_stat_activity", _CATALOGUE, alias="a"), "inner", eq(col("pid", "a"), col("pid", "l")))
    return select(columns, table("pg_locks", _CATALOGUE, alias="l"), joins=[active], where=held)

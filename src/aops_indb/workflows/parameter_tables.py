"""The tables that views of deployed versions read constants from, such as categories or support vectors.

Each belongs to one version and never changes: triggers keep rows from being added, changed and deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

from aops_indb.engines import Session
from aops_indb.errors import RefusedError
from aops_indb.registry import ModelVersionRecord, parameter_digests
from aops_indb.scoring.parameters import Parameters
from aops_indb.sqlgen.build import anonymous, cast, col, lit, star
from aops_indb.sqlgen.statements import (
    Query,
    Table,
    comment,
    create_schema,
    create_table_as,
    forbid,
    insert,
    select,
    table,
)
from aops_indb.workflows.batch import version_view
from aops_indb.workflows.present import Present
from aops_indb.workflows.row_digest import digest_of

SCHEMA = "aops_params"

_EVENTS: tuple[Literal["INSERT", "UPDATE", "DELETE"], ...] = ("INSERT", "UPDATE", "DELETE")
# of rows on their way into a table
_GIVEN = "aops_parameters"


def parameter_table(version: ModelVersionRecord, name: str) -> Table:
    """The table of one of a version's relations."""
    return table(f"{version_view(version)}__{name}", SCHEMA)


def make_parameter_tables(
    session: Session, version: ModelVersionRecord, relations: Mapping[str, Parameters]
) -> dict[str, str]:
    """Table -> digest of its rows. Those that are not there are made; RefusedError where one has other rows."""
    if not relations:
        return {}
    session.execute(create_schema(SCHEMA))
    present = Present.read(session, SCHEMA)
    targets = {name: parameter_table(version, name) for name in relations}
    for name, parameters in relations.items():
        target = targets[name]
        present.require_no_view(target.name)
        with _query(session, parameters) as query:
            if target.name not in present:
                _make(session, version, target, query)
            elif not _holds(session, target, query):
                raise _altered(version, target.name)
            # those of a table that was there may have been dropped
            _forbid_changes(session, target)
    return {target.name: _digest(session, target) for target in targets.values()}


def require_unaltered(session: Session, version: ModelVersionRecord) -> None:
    """RefusedError if a table of a version has other rows than when the version went live."""
    there = {name.lower() for name in session.relations(SCHEMA)}
    for name, digest in parameter_digests(session, version.model, version.version).items():
        # one that is gone is told by the query that reads it
        if name.lower() in there and _digest(session, table(name, SCHEMA)) != digest:
            raise _altered(version, name)


def _digest(session: Session, target: Table) -> str:
    return digest_of(session, target, session.columns(select([star()], target.copy())))[0]


def _altered(version: ModelVersionRecord, name: str) -> RefusedError:
    return RefusedError(
        f"{SCHEMA}.{name}, which {version.model}:{version.version} is scored by, is not as aops made it: drop it, "
        f"and run  aops promote {version.model}:{version.version}  again"
    )


@contextmanager
def _query(session: Session, parameters: Parameters) -> Iterator[Query]:
    """The rows of a relation, handed over as they are, and not written out as SQL."""
    import pyarrow as pa

    session.register(_GIVEN, pa.table({name: pa.array(list(values)) for name, values in parameters.stored.items()}))
    try:
        yield select({name: cast(col(name), type_) for name, type_ in parameters.column_types.items()}, table(_GIVEN))
    finally:
        session.unregister(_GIVEN)


def _make(session: Session, version: ModelVersionRecord, target: Table, query: Query) -> None:
    session.execute(create_table_as(target.copy(), query))
    session.execute(comment("TABLE", target.copy(), f"Constants of {version.model} version {version.version}"))


def _forbid_changes(session: Session, target: Table) -> None:
    for event in _EVENTS:
        refusal = anonymous("error", lit(f"{SCHEMA}.{target.name} belongs to a model's version and never changes"))
        fails = insert(table("schema_migrations", "aops"), select([refusal]), ["name"])
        session.execute(forbid(event, target, f"{target.name}__no_{event.lower()}", fails))


def _holds(session: Session, target: Table, query: Query) -> bool:
    """Whether a table has those columns and rows."""
    kept = select([star()], target.copy())
    return session.columns(kept) == session.columns(query) and session.rows(kept) == session.rows(query)

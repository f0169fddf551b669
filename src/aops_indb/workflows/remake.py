"""Kept sets made again: by the SQL that made them, from the same sources, as of the same knowledge.

A set that comes out as another one names the sources whose rows are others.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from aops_indb.engines import Session
from aops_indb.errors import QueryError, RefusedError, SpineError, UnknownNameError
from aops_indb.registry import DatasetRecord, datasets_named
from aops_indb.sqlgen.dialects import Dialect
from aops_indb.sqlgen.statements import create_schema, create_table_as, drop, rename_table, table
from aops_indb.sqlgen.stored import stored_query
from aops_indb.workflows.dataset import SCHEMA, SPINE_NAME, Dataset, EntityDf, as_arrow
from aops_indb.workflows.origins import read_state
from aops_indb.workflows.row_digest import digest_of
from aops_indb.workflows.workspace import Report, Workspace, silent


def remake_dataset(
    project: Workspace, name: str, digest: str, *, entity_df: EntityDf | None = None, report: Report = silent
) -> Dataset:
    """A kept set made once more; RefusedError that names what changed if it comes out as another.

    digest: that of the set, or its beginning; entity_df: the rows it was made for, if they were given as data
    """
    with project.session() as session, session.transaction():
        record = _find(session, name, digest)
        draft = f"{name}__draft_{uuid.uuid4().hex[:8]}"
        session.execute(create_schema(SCHEMA))
        with _spine(session, record, entity_df):
            _make(session, record, draft, project.engine.dialect, report)
        _require_same(session, record, draft, project.engine.dialect)
        there = record.table_name in session.relations(SCHEMA)
        if there:
            _require_kept(session, record)
            session.execute(drop("TABLE", table(draft, SCHEMA)))
        else:
            session.execute(rename_table(table(draft, SCHEMA), record.table_name))
    kept = f"{SCHEMA}.{record.table_name}"
    return Dataset(name, record.digest, kept, record.rows, tuple(record.columns), created=not there)


def _find(session: Session, name: str, digest: str) -> DatasetRecord:
    named = datasets_named(session, name)
    found = [record for record in named if digest and record.digest.startswith(digest)]
    if len(found) == 1:
        return found[0]
    known = [record.digest[:8] for record in named]
    if not found:
        raise UnknownNameError(f"digest of a dataset '{name}'", digest, known)
    raise SpineError(f"'{digest}' begins the digests of {len(found)} datasets '{name}': give more of it")


@contextmanager
def _spine(session: Session, record: DatasetRecord, entity_df: EntityDf | None) -> Iterator[None]:
    """With the rows that the set was made for, if they were data."""
    given = record.spine_sql == SPINE_NAME
    if given and (entity_df is None or isinstance(entity_df, str)):
        raise SpineError(
            f"dataset '{record.name}' was made for rows given from Python, which are not kept: give them again, "
            f"project.remake_dataset('{record.name}', '{record.digest[:8]}', entity_df=…)"
        )
    if not given and entity_df is not None:
        raise SpineError(f"dataset '{record.name}' has a spine of its own, {record.spine_sql}: leave entity_df out")
    if entity_df is None or isinstance(entity_df, str):
        yield
        return
    session.register(SPINE_NAME, as_arrow(entity_df))
    try:
        yield
    finally:
        session.unregister(SPINE_NAME)


def _make(session: Session, record: DatasetRecord, draft: str, dialect: Dialect, report: Report) -> None:
    statement = create_table_as(table(draft, SCHEMA), stored_query(record.sql, dialect))
    try:
        session.execute_with_progress(statement, lambda done: report(f"dataset {record.name}", done))
    except QueryError as error:
        raise RefusedError(f"{_title(record)} cannot be made again: {error}") from error


def _require_same(session: Session, record: DatasetRecord, draft: str, dialect: Dialect) -> None:
    columns = session.columns(table(draft, SCHEMA))
    digest, rows = digest_of(session, table(draft, SCHEMA), columns)
    if digest == record.digest:
        return
    reasons = [*_spine_changes(session, record, draft, columns), *_source_changes(session, record, dialect)]
    if not reasons:
        reasons = ["neither its spine nor its sources' rows are others, so the warehouse's release computes others"]
    raise RefusedError(
        f"{_title(record)} comes out as another, {rows:,} rows with digest {digest[:8]}: {'; '.join(reasons)}; "
        "nothing was changed"
    )


def _spine_changes(session: Session, record: DatasetRecord, draft: str, columns: Mapping[str, str]) -> Iterator[str]:
    given = {name: columns[name] for name in record.spine_columns if name in columns}
    digest, rows = digest_of(session, table(draft, SCHEMA), given)
    if digest != record.spine_digest:
        yield f"its spine gives other rows ({rows:,}, it gave {record.rows:,})"


def _source_changes(session: Session, record: DatasetRecord, dialect: Dialect) -> Iterator[str]:
    """Each source that is not as it was, in words."""
    for name, state in record.sources.items():
        try:
            now = read_state(session, stored_query(state["sql"], dialect))
        except QueryError as error:
            yield f"data source '{name}' cannot be read as it was: {error}"
            continue
        before, after = state["rows"], now["rows"]
        if before != after:
            yield f"data source '{name}' has {after:,} rows known by then, it had {before:,}"
        elif now["engine"] != state["engine"]:
            yield f"whether data source '{name}' has other rows cannot be told by another release of the warehouse"
        elif now["digest"] != state["digest"]:
            yield f"data source '{name}' has as many rows known by then, {after:,}, of other content"


def _require_kept(session: Session, record: DatasetRecord) -> None:
    """RefusedError if someone wrote into the table of the set."""
    columns = session.columns(table(record.table_name, SCHEMA))
    if digest_of(session, table(record.table_name, SCHEMA), columns)[0] != record.digest:
        raise RefusedError(
            f"{SCHEMA}.{record.table_name} is no longer {_title(record)}: somebody changed the table; drop it, and "
            f"make it again:  aops dataset {record.name} --remake {record.digest[:8]}"
        )


def _title(record: DatasetRecord) -> str:
    return f"dataset '{record.name}' {record.digest[:8]}"

"""Kept training and evaluation sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select

from aops_indb.engines import Session
from aops_indb.registry import audit
from aops_indb.registry.actor import Actor, now
from aops_indb.registry.atomic import atomic
from aops_indb.registry.tables import DATASETS


@dataclass(frozen=True, slots=True)
class DatasetRecord:
    """A kept set: where it is, what it is made from, and the SQL that made it.

    spine_digest:     of its rows in the spine's columns alone
    feature_versions: view or on-demand feature -> fingerprint of its definition
    sources:          source -> how many of its rows could be known, a digest of them, and the query that told
    """

    name: str
    digest: str
    table_schema: str
    table_name: str
    rows: int
    columns: Mapping[str, str]
    spine_sql: str
    features: tuple[str, ...]
    sql: str
    spine_columns: tuple[str, ...] = ()
    spine_digest: str = ""
    feature_versions: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@atomic
def record_dataset(session: Session, record: DatasetRecord, *, actor: Actor) -> None:
    """Note a set that was kept."""
    row = {
        "name": record.name,
        "digest": record.digest,
        "table_schema": record.table_schema,
        "table_name": record.table_name,
        "row_count": record.rows,
        "column_types": dict(record.columns),
        "spine_sql": record.spine_sql,
        "features": list(record.features),
        "dataset_sql": record.sql,
        "spine_columns": list(record.spine_columns),
        "spine_digest": record.spine_digest,
        "feature_versions": dict(record.feature_versions),
        "sources": dict(record.sources),
        "created_at": now(),
        "created_by": actor.name,
    }
    session.connection.execute(insert(DATASETS), [row])
    details = {"digest": record.digest, "table": f"{record.table_schema}.{record.table_name}", "rows": record.rows}
    audit.record(session, actor=actor, action="keep", kind="dataset", name=record.name, details=details)


def find_dataset(session: Session, digest: str, *, name: str | None = None) -> DatasetRecord | None:
    """The set of that digest, under that name if one is given; None if there is none."""
    query = select(DATASETS).where(DATASETS.c.digest == digest)
    if name is not None:
        query = query.where(DATASETS.c.name == name)
    row = session.connection.execute(query.order_by(DATASETS.c.created_at)).first()
    return None if row is None else _record(row)


def datasets_named(session: Session, name: str) -> list[DatasetRecord]:
    """The sets kept under a name, the oldest first."""
    query = select(DATASETS).where(DATASETS.c.name == name).order_by(DATASETS.c.created_at)
    return [_record(row) for row in session.connection.execute(query)]


def _record(row: Any) -> DatasetRecord:
    return DatasetRecord(
        name=row.name,
        digest=row.digest,
        table_schema=row.table_schema,
        table_name=row.table_name,
        rows=row.row_count,
        columns=row.column_types,
        spine_sql=row.spine_sql,
        features=tuple(row.features),
        sql=row.dataset_sql,
        spine_columns=tuple(row.spine_columns),
        spine_digest=row.spine_digest,
        feature_versions=row.feature_versions,
        sources=row.sources,
    )
